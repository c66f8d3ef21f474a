"""Ledgers that hold anything, also under signatures that are trusted: an auditor always gets to the end."""

import io

import pytest
from fuzzing import bounded, texts, trying, values
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from rlvr.errors import RlvrError
from rlvr.lineage.audit import gaps, verify
from rlvr.lineage.difference import differences
from rlvr.lineage.envelope import sealed
from rlvr.lineage.graph import Graph
from rlvr.lineage.history import read
from rlvr.lineage.keys import make_key, read_signer, trusted
from rlvr.lineage.ledger import PLACE, text_digest
from rlvr.lineage.policy import Policy, judge
from rlvr.lineage.statement import APPROVAL, PROVENANCE, STATEMENT_TYPE, TEST_RESULT
from rlvr.report.audit_page import build
from rlvr.store import LocalStore
from rlvr_pipelines.audit_view import print_trace

DIGEST = "ab" * 32


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    make_key(folder / "machine.pem")
    return read_signer(folder / "machine.pem"), trusted(folder)


digests = st.one_of(st.just(DIGEST), st.just("cd" * 32), texts)
described = st.fixed_dictionaries(
    {"name": texts, "digest": st.dictionaries(st.sampled_from(("sha256", "gitCommit", "x")), digests, max_size=2)},
    optional={"uri": texts, "annotations": st.dictionaries(st.sampled_from(("licence", "x")), values, max_size=2)},
)
subjects = st.lists(
    st.fixed_dictionaries({"name": texts, "digest": st.fixed_dictionaries({"sha256": digests})}), min_size=1, max_size=2
)
provenance = st.fixed_dictionaries(
    {
        "buildDefinition": st.fixed_dictionaries(
            {"externalParameters": st.dictionaries(st.sampled_from(("stage", "label", "parameters")), values)},
            optional={"internalParameters": values, "resolvedDependencies": st.lists(described, max_size=3)},
        ),
        "runDetails": st.dictionaries(st.sampled_from(("builder", "metadata")), values),
    }
)
results = st.dictionaries(st.sampled_from(("result", "passedTests", "warnedTests", "failedTests", "numbers")), values)
predicates = st.one_of(
    st.tuples(st.just(PROVENANCE), provenance),
    st.tuples(st.just(TEST_RESULT), results),
    st.tuples(st.just(APPROVAL), st.dictionaries(st.sampled_from(("verifier", "note", "properties")), values)),
    st.tuples(texts, st.dictionaries(texts, values, max_size=2)),
)


def without_odd_numbers(value):
    """JSON has no NaN and no endless numbers, and signed statements are JSON."""
    if isinstance(value, dict):
        return {str(key): without_odd_numbers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_odd_numbers(inner) for inner in value]
    if isinstance(value, float) and value - value != 0:
        return None
    return 7 if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**63 else value


def test_signed_statements_that_say_anything(keys, tmp_path_factory):
    signer, known = keys
    folder = tmp_path_factory.mktemp("store")
    store = LocalStore(folder / "store")

    @trying(60)
    @given(st.lists(st.tuples(subjects, predicates), min_size=1, max_size=4))
    def target(said):
        before, ledger = "", []
        for index, (about, (kind, predicate)) in enumerate(said, start=1):
            statement = {"_type": STATEMENT_TYPE, "subject": about, "predicateType": kind, "predicate": predicate}
            place = {PLACE: {"index": index, "previous": before}}
            text = sealed(without_odd_numbers({**statement, **place}), signer)
            ledger.append((index, text))
            before = text_digest(text)
        with bounded():
            history = read(ledger, known)
            graph = Graph(history.entries)
            for digest in (DIGEST, "cd" * 32):
                verdict = verify(store, history, known, digest)
                list(
                    judge(
                        Policy(required_checks=("x",), pinned_images=True, newest_days=1, allowed_licences=()),
                        graph,
                        known,
                        verdict,
                    )
                )
                build(graph, verdict, folder / "audit.html", "here")
                if digest in graph.makers:
                    print_trace(graph, digest, Console(file=io.StringIO(), width=100))
            gaps(store, history)
            try:
                list(differences(graph, DIGEST, "cd" * 32))
            except RlvrError:
                return

    target()


def test_texts_that_are_no_statements(keys):
    decoded = texts.map(lambda text: text.encode("utf-8", "replace").decode())  # stores give UTF-8 alone

    @trying(60)
    @given(st.lists(decoded, max_size=4))
    def target(said):
        with bounded():
            history = read(list(enumerate(said, start=1)), keys[1])
        assert history.entries == () and len(history.findings) >= len(said)

    target()
