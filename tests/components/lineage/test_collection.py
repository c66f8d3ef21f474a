"""What may be removed from a store, and that the lineage of what is kept is never touched."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from lineage_story import Story
from rlvr.launch.work import Work
from rlvr.lineage.audit import gaps, verify
from rlvr.lineage.collection import leftovers, remove
from rlvr.lineage.graph import Graph, work_of
from rlvr.lineage.keys import trusted
from rlvr.lineage.use import note_use
from rlvr.store import LocalStore

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
    graph = Graph(story.history().entries)
    keys = {name: work_of(graph.makers[story.digests[name]][0]) for name in ("model", "predictions")}
    for name, key in keys.items():
        story.store.write(f"records/{key}.json", f'{{"outputs": {{"out": "{story.digests[name]}"}}}}')
    found = leftovers(story.store, graph, keep=[story.digests["model"]], days=30.0, now=LATER)
    assert [one.digest for one in remove(story.store, graph, found)] == [story.digests["predictions"]]
    assert not story.store.has(story.digests["predictions"])
    assert story.store.keys("records/") == [f"records/{keys['model']}.json"]
    assert verify(story.store, story.history(), trusted(), story.digests["model"]).findings == ()
    assert [finding.severity for finding in gaps(story.store, story.history())] == ["warning"]


def work(story, label, *read):
    """Some work that reads these artifacts."""
    inputs = {f"input{place}": story.digests[name] for place, name in enumerate(read)}
    return Work(stage=f"m:{label}", parameters={}, inputs=inputs, code="d" * 64, label=label, outputs=("out",))


def test_what_was_used_lately_is_kept_however_old_it_is(story, names):
    note_use(story.store, work(story, "evaluate", "model"))
    assert names([]) == {"rows", "accepted", "verdict", "base", "model", "predictions"}
    assert names([], now=datetime.now(UTC) + timedelta(days=29)) == set()
    assert names([], days=0, now=datetime.now(UTC)) == {"predictions"}


def test_what_a_stage_at_work_reads_is_kept_for_as_long_as_it_works(story, names):
    training = work(story, "grpo", "accepted")
    note_use(story.store, training)
    assert "accepted" in names([])
    story.store.write(f"checkpoints/{training.key}/000000001.json", '{"digest": "none"}')
    assert names([]) == {"base", "model", "predictions"}


def test_asking_again_on_the_same_day_writes_nothing(story, monkeypatch):
    training = work(story, "grpo", "accepted")
    note_use(story.store, training, {"model": story.digests["model"]})
    monkeypatch.setattr(LocalStore, "write", lambda *_, **__: pytest.fail("it was written again"))
    note_use(story.store, training)
    note_use(story.store, training, {"model": story.digests["model"]})


def test_a_stage_that_begins_while_leftovers_are_removed_loses_nothing(story):
    """Its note comes after the leftovers were found: the artifact stays, with what stands behind it."""
    graph = Graph(story.history().entries)
    found = leftovers(story.store, graph, keep=[], days=30.0, now=LATER)
    assert len(found) == 6
    note_use(story.store, work(story, "evaluate again", "model"))
    gone = {one.digest for one in remove(story.store, graph, found)}
    assert gone == {story.digests["predictions"]}
    assert verify(story.store, story.history(), trusted(), story.digests["model"]).findings == ()


def test_an_artifact_that_is_published_and_not_signed_yet_is_kept(story, names):
    """A stage died, or has not come, between the two: what it read is in its note, what it made has no statement."""
    note_use(story.store, work(story, "long training", "accepted", "base"))
    story.artifact("unsigned", "a model that took weeks")
    graph = Graph(story.history().entries)
    now = datetime.now(UTC)
    gone = [one.digest for one in remove(story.store, graph, leftovers(story.store, graph, keep=[], days=0, now=now))]
    assert {story.digests[name] for name in ("unsigned", "accepted", "base", "rows", "verdict")}.isdisjoint(gone)
    assert set(gone) == {story.digests["model"], story.digests["predictions"]}


@pytest.mark.parametrize("seed", range(6))
def test_on_random_histories_whatever_is_kept_still_stands_up(story, tmp_path, seed):
    draw = random.Random(seed)
    (tmp_path / "made").mkdir()
    made = Story(store=LocalStore(tmp_path / "store of histories"), folder=tmp_path / "made", digests={})
    for number in range(16):
        read = draw.sample(list(made.digests), min(len(made.digests), draw.randint(0, 3)))
        outputs = []
        for place in range(draw.randint(1, 2)):
            if made.digests and draw.random() < 0.2:
                outputs.append(draw.choice(list(made.digests)))  # the same content again
            else:
                outputs.append(f"{number}-{place}")
                made.artifact(outputs[-1], f"{seed} {number} {place}")
        inputs = {f"input{place}": name for place, name in enumerate(read)}
        made.stage(
            f"stage {number}", inputs, {f"out{place}": name for place, name in enumerate(dict.fromkeys(outputs))}
        )
    history = made.history()
    graph = Graph(history.entries)
    kept = draw.sample(sorted(set(made.digests.values())), 3)
    behind = {subject for step in graph.back(*kept) for subject in step.entry.subjects}
    found = leftovers(made.store, graph, keep=kept, days=30.0, now=LATER)
    gone = {one.digest for one in remove(made.store, graph, found)}
    assert gone == set(made.digests.values()) - behind - set(kept)
    for digest in kept:
        assert [
            one for one in verify(made.store, made.history(), trusted(), digest).findings if one.kind == "gone"
        ] == []
    assert leftovers(made.store, graph, keep=kept, days=30.0, now=LATER) == []
