"""What may be removed from a store, and that the lineage of what is kept is never touched."""

from datetime import UTC, datetime, timedelta

import pytest

from rlvr.lineage.audit import gaps, verify
from rlvr.lineage.collection import leftovers, remove
from rlvr.lineage.graph import Graph

LATER = datetime.now(UTC) + timedelta(days=60)


@pytest.fixture
def names(story):
    """Which names of artifacts could be removed."""

    def found(keep, days=30.0, now=LATER):
        digests = {digest: name for name, digest in story.digests.items()}
        kept = [story.digests[name] for name in keep]
        listed = leftovers(story.store, Graph(story.history().entries), keep=kept, days=days, now=now)
        return {digests[one.digest] for one in listed}

    return found


def test_what_stands_behind_a_kept_artifact_is_kept(names):
    assert names(["model"]) == {"predictions"}
    assert names(["accepted"]) == {"base", "model", "predictions"}
    assert names([]) == {"rows", "accepted", "verdict", "base", "model", "predictions"}


def test_young_artifacts_and_their_lineage_are_kept(names):
    assert names([], days=90) == set()


def test_what_nobody_explains_is_kept(story, names):
    story.artifact("unknown", "who made this?")
    assert "unknown" not in names([])


def test_champions_checkpoints_and_approved_artifacts_are_kept(story, names):
    story.store.write("champions/r1_v.json", f'{{"model": "{story.digests["model"]}"}}')
    assert names([]) == {"predictions"}
    story.store.remove("champions/r1_v.json")
    story.store.write("checkpoints/abc/000000001.json", f'{{"digest": "{story.digests["base"]}"}}')
    assert "base" not in names([])


def test_after_removal_the_kept_model_still_stands_up_and_records_promise_nothing(story):
    for name in ("model", "predictions"):
        story.store.write(f"records/{name}.json", f'{{"outputs": {{"out": "{story.digests[name]}"}}}}')
    graph = Graph(story.history().entries)
    found = leftovers(story.store, graph, keep=[story.digests["model"]], days=30.0, now=LATER)
    assert [one.digest for one in remove(story.store, found)] == [story.digests["predictions"]]
    assert not story.store.has(story.digests["predictions"])
    assert story.store.keys("records/") == ["records/model.json"]
    assert verify(story.store, story.history(), story.digests["model"]).findings == ()
    assert [finding.severity for finding in gaps(story.store, story.history())] == ["warning"]
