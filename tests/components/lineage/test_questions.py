"""What the graph answers: from what, into what, under which licences, why different, fit for use."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineage_story import COMMIT, IMAGE
from rlvr.errors import RlvrError
from rlvr.lineage import ledger
from rlvr.lineage.artifact_name import artifact
from rlvr.lineage.audit import Verdict
from rlvr.lineage.collection import leftovers
from rlvr.lineage.difference import differences
from rlvr.lineage.finding import Finding
from rlvr.lineage.graph import Graph, label
from rlvr.lineage.impact import impact, made
from rlvr.lineage.keys import make_key, read_signer, signer, trusted
from rlvr.lineage.policy import Policy, judge, read_policy
from rlvr.lineage.statement import PROVENANCE, STATEMENT_TYPE, Resource, approval


@pytest.fixture
def graph(story):
    return Graph(story.history().entries)


def test_back_tells_every_stage_once_nearest_first(story, graph):
    walked = [(label(step.entry), step.depth) for step in graph.back(story.digests["model"])]
    assert walked == [("grpo", 0), ("verify", 1), ("base", 1), ("ingest", 2)]


def test_a_stage_that_changes_nothing_is_no_endless_walk(story):
    story.stage("copy", {"model": "model"}, {"out": "model"})
    graph = Graph(story.history().entries)
    walked = [label(step.entry) for step in graph.back(story.digests["model"])]
    assert walked == ["copy", "grpo", "verify", "base", "ingest"]
    assert {label(step.entry) for step in graph.forward(story.digests["rows"])} >= {"verify", "grpo", "copy"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [(COMMIT, "commit"), (IMAGE, "image"), ("CC-BY-4.0", "licence"), (f"hub:someone/sums@{'a' * 40}", "address")],
)
def test_impact_of_code_image_licence_and_source(story, graph, name, kind):
    found = impact(story.store, graph, name)
    assert found.kind == kind
    assert set(made(found.steps)) >= {"ingest", "verify", "grpo", "evaluate"}


def test_impact_of_an_artifact_leaves_out_what_did_not_use_it(story, graph):
    found = impact(story.store, graph, story.digests["base"])
    assert list(made(found.steps)) == ["grpo", "evaluate"]


def test_who_read_the_same_content_before_it_was_made_again_is_not_touched(story, monkeypatch):
    monkeypatch.setattr("rlvr.lineage.record._commit", lambda: "b" * 40)
    story.stage("base again", {}, {"model": "base"})
    story.artifact("later", "a later model")
    monkeypatch.setattr("rlvr.lineage.record._commit", lambda: COMMIT)
    story.stage("grpo later", {"rows": "accepted", "base": "base"}, {"model": "later"})
    found = impact(story.store, Graph(story.history().entries), "b" * 40)
    assert {label(step.entry) for step in found.steps} == {"base again", "grpo later"}


def test_impact_of_a_row_names_data_sets_models_and_the_steps_that_sampled_it(story, tmp_path):
    for name, file, columns in (
        ("set", "rows.parquet", {"row_id": ["0" * 16, "1" * 16]}),
        ("log", "rl/rollouts.parquet", {"step": [1, 1, 2, 5], "row_id": ["0" * 16, "1" * 16, "1" * 16, "1" * 16]}),
    ):
        path = tmp_path / f"made {name}" / file
        path.parent.mkdir(parents=True)
        pq.write_table(pa.table(columns), path)
        story.digests[name] = story.store.put(tmp_path / f"made {name}").digest
    story.artifact("trained", "on that set")
    story.stage("ingest", {}, {"out": "set"})
    story.stage("grpo", {"rows": "set"}, {"model": "trained", "log": "log"})
    history = story.history()
    found = impact(story.store, Graph(history.entries), "1" * 16)
    assert found.found_in == (story.digests["set"],)
    assert made(found.steps) == {"grpo": [story.digests["trained"], story.digests["log"]]}
    (sampled,) = found.consumed
    assert (sampled.log, sampled.made, sampled.steps) == (story.digests["log"], (story.digests["trained"],), (1, 2, 5))
    with pytest.raises(RlvrError, match="holds the row 2222222222222222"):
        impact(story.store, Graph(history.entries), "2" * 16)


@pytest.mark.parametrize("name", ["f" * 64, "f" * 40, "gpl-3.0"])
def test_impact_of_something_unknown_is_an_error(story, graph, name):
    with pytest.raises(RlvrError, match="No statement mentions"):
        impact(story.store, graph, name)


def test_differences_name_stage_parameter_and_input(story, monkeypatch):
    monkeypatch.setenv("RLVR_IMAGE", IMAGE.replace("1", "2"))
    story.artifact("again", "another model")
    story.stage("grpo", {"rows": "rows", "base": "base"}, {"model": "again"})
    graph = Graph(story.history().entries)
    found = {
        (one.stage, one.what, one.name) for one in differences(graph, story.digests["model"], story.digests["again"])
    }
    assert found == {("verify", "stage", "verify"), ("grpo", "input", "rows"), ("grpo", "image", "image")}
    assert differences(graph, story.digests["model"], story.digests["model"]) == []


def test_what_another_builder_left_out_stops_nobody(story):
    """SLSA asks neither for parameters of this form nor for the time of the end."""
    digest = story.artifact("foreign", "made elsewhere")
    said = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": "model", "digest": {"sha256": digest}}],
        "predicateType": PROVENANCE,
        "predicate": {
            "buildDefinition": {"externalParameters": {}, "resolvedDependencies": []},
            "runDetails": {"builder": {}, "metadata": {}},
        },
    }
    ledger.append(story.store, said, signer())
    graph = Graph(story.history().entries)
    assert {one.what for one in differences(graph, story.digests["base"], digest)} == {"stage"}
    later = datetime.now(UTC) + timedelta(days=60)
    assert digest not in {one.digest for one in leftovers(story.store, graph, keep=[], days=30.0, now=later)}


def verdict(story, *findings):
    """What an audit of the model found."""
    digest = story.digests["model"]
    return Verdict(digest=digest, findings=findings, statements=6, checked=5, licences={})


def test_a_policy_asks_for_licences_checks_approvals_images_and_age(story, graph, tmp_path):
    file = tmp_path / "policy.toml"
    file.write_text(
        'allowed_licences = ["Apache-2.0", "built by this package"]\nrequired_checks = ["bounds", "gold"]\n'
        "required_approvals = 1\npinned_images = true\nnewest_days = 1\n"
    )
    late = datetime.now(UTC) + timedelta(days=2)
    found = [finding.kind for finding in judge(read_policy(file), graph, trusted(), verdict(story), late)]
    assert found == ["policy: licence", "policy: check", "policy: approval", "policy: age"]
    assert list(judge(Policy(), graph, trusted(), verdict(story))) == []


def asked(story, **policy):
    """Kind and subject of what a policy finds wrong with the model."""
    graph = Graph(story.history().entries)
    return [(one.kind, one.what) for one in judge(Policy(**policy), graph, trusted(), verdict(story))]


def test_a_policy_names_the_keys_that_may_have_signed(story, tmp_path, monkeypatch):
    keyid = next(iter(trusted().machines))
    assert asked(story, trusted_keys=("machine",)) == asked(story, trusted_keys=(keyid,)) == []
    make_key(tmp_path / "keys" / "laptop.pem")
    monkeypatch.setenv("RLVR_SIGNING_KEY", str(tmp_path / "keys" / "laptop.pem"))
    story.artifact("copied", "rows from a laptop")
    story.stage("ingest", {}, {"out": "copied"})
    story.artifact("second", "a model of these")
    story.digests["model"] = story.digests["second"]
    story.stage("grpo", {"rows": "copied"}, {"model": "second"})
    assert asked(story, trusted_keys=("machine", "laptop")) == []
    assert asked(story, trusted_keys=("machine",)) == [("policy: key", "statement 8"), ("policy: key", "statement 7")]


def test_approvals_count_by_person_and_age(story, tmp_path):
    for name, said in (("ada", "2026-01-02T00:00:00Z"), ("ada", "2026-01-03T00:00:00Z"), ("ben", "nonsense")):
        key = tmp_path / "keys" / "approvers" / f"{name}.pem"
        if not key.exists():
            make_key(key)
        about = Resource(name="model", digest={"sha256": story.digests["model"]})
        ledger.append(story.store, approval(about, name, "", [], said), read_signer(key))
    assert asked(story, required_approvals=2) == []
    assert [kind for kind, _ in asked(story, required_approvals=3)] == ["policy: approval"]
    assert asked(story, required_approvals=1, approvers=("ben",)) == []
    assert [kind for kind, _ in asked(story, required_approvals=1, approvers=("eve",))] == ["policy: approval"]
    assert asked(story, required_approvals=1, approved_days=1e5) == []
    assert [kind for kind, _ in asked(story, required_approvals=1, approved_days=1)] == ["policy: approval"]


def test_a_policy_asks_for_commits_and_for_no_warnings(story, monkeypatch):
    assert asked(story, named_commits=True) == []
    monkeypatch.setattr("rlvr.lineage.record._commit", lambda: "")
    story.artifact("second", "made by code of no commit")
    story.stage("grpo", {"rows": "accepted", "base": "base"}, {"model": "second"})
    story.digests["model"] = story.digests["second"]
    assert asked(story, named_commits=True) == [("policy: commit", "statement 7")]
    warned = Finding(kind="checks", what="x", message="two rows fell out", severity="warning")
    graph = Graph(story.history().entries)
    found = judge(Policy(no_warnings=True), graph, trusted(), verdict(story, warned))
    assert [(one.kind, one.severity) for one in found] == [("policy: warning", "failure")]


@pytest.mark.parametrize(
    ("text", "message"),
    [("required_approvals = 'one'", "required_approvals"), ("alowed = []", "alowed"), ("[", "TOML")],
)
def test_a_policy_with_a_mistake_names_it(tmp_path, text, message):
    (tmp_path / "policy.toml").write_text(text)
    with pytest.raises(RlvrError, match=message):
        read_policy(tmp_path / "policy.toml")


def test_artifacts_go_by_the_beginning_of_their_digest(story, graph):
    model = story.digests["model"]
    assert artifact(model[:8], story.store, graph) == artifact(model, story.store, graph) == model
    for text in ("abc", "no digest", "0" * 8):
        with pytest.raises(RlvrError):
            artifact(text, story.store, graph)
