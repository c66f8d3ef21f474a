"""The promotion gate: both ways out of it, what it refuses to compare, and two runs that end together."""

import json
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rlvr.errors import RlvrError
from rlvr.promotion import champion_key, promote
from rlvr.store import open_store

BENCHMARK = {"name": "digits", "prompt": "count", "published": []}
KEY = champion_key("r1_vlm")


class World:
    """A store, and evaluations of models in it."""

    def __init__(self, folder):
        self.folder, self.store = folder, open_store(str(folder / "store"))

    def artifact(self, name, files):
        place = self.folder / name
        place.mkdir()
        for file, write in files.items():
            write(place / file)
        manifest = self.store.put(place)
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps({"digest": manifest.digest}))
        return SimpleNamespace(path=str(path), metadata={}, digest=manifest.digest)

    def model(self, name):
        return self.artifact(name, {"weights": lambda path: path.write_text(name)})

    def evaluation(self, name, model, scores, benchmark="digits", rows="row"):
        about = {"benchmark": benchmark, "role": "tuned", "model_digest": model.digest, "rows": len(scores)}
        table = pa.table(
            {
                "row_id": [f"{rows}{number}" for number in range(len(scores))],
                "completion": ["x"] * len(scores),
                "tokens": [1] * len(scores),
                "truncated": [False] * len(scores),
                "published": [float(score) for score in scores],
                "strict": [float(score) for score in scores],
            }
        )
        files = {
            "evaluation.json": lambda path: path.write_text(json.dumps(about)),
            "predictions.parquet": lambda path: pq.write_table(table, path),
        }
        return self.artifact(name, files)

    def decide(self, name, scores, *, benchmark=BENCHMARK, model=None, **more):
        model = model or self.model(f"model-{name}")
        evaluations = [
            self.evaluation(f"other-{name}", model, [1, 0], benchmark="letters"),
            self.evaluation(f"evaluation-{name}", model, scores, **more),
        ]
        decision = SimpleNamespace(path=str(self.folder / f"decision-{name}.json"), metadata={})
        return promote(str(self.folder / "store"), "r1_vlm", benchmark, model, evaluations, decision), model, decision

    @property
    def champion(self):
        text = self.store.read(KEY)
        return None if text is None else json.loads(text)


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.delenv("RLVR_MODEL_REGISTRY", raising=False)
    return World(tmp_path)


def right(count, of=60):
    return [1] * count + [0] * (of - count)


def test_the_first_model_becomes_champion(world):
    told, model, decision = world.decide("a", right(20))
    assert (told["outcome"], told["promoted"]) == ("first", True)
    assert world.champion["model"] == model.digest and world.champion["predecessor"] is None
    assert decision.metadata["promoted"] == "true" and decision.metadata["outcome"] == "first"
    kept = world.store.get(world.champion["decision"]) / "decision.json"
    assert json.loads(kept.read_text())["challenger"]["score_percent"] == pytest.approx(100 / 3, abs=0.1)


def test_a_better_model_replaces_the_champion(world):
    _, first, _ = world.decide("a", right(20))
    told, second, _ = world.decide("b", right(45))
    assert (told["outcome"], told["promoted"]) == ("better", True)
    assert told["difference"]["value"] == pytest.approx(41.7, abs=0.1) and told["difference"]["low"] > 0
    assert (world.champion["model"], world.champion["predecessor"]) == (second.digest, first.digest)


@pytest.mark.parametrize("count", [10, 20, 21])
def test_a_model_that_is_not_shown_to_be_better_does_not(world, count):
    _, first, _ = world.decide("a", right(20))
    told, _, decision = world.decide("b", right(count))
    assert (told["outcome"], told["promoted"]) == ("not better", False)
    assert "not shown to be better" in told["why"]
    assert world.champion["model"] == first.digest and decision.metadata["promoted"] == "false"


def test_rows_are_paired_whatever_their_order(world):
    world.decide("a", right(20))
    told, _, _ = world.decide("b", list(reversed(right(20))))
    assert told["difference"]["value"] == 0.0


def test_unchanged_data_end_with_the_champion_itself(world):
    _, model, _ = world.decide("a", right(20))
    before = world.store.read(KEY)
    told, _, _ = world.decide("b", right(20), model=model)
    assert (told["outcome"], told["promoted"]) == ("same", False)
    assert world.store.read(KEY) == before


def test_other_rows_are_not_compared(world):
    _, first, _ = world.decide("a", right(20))
    told, _, _ = world.decide("b", right(60), rows="new")
    assert (told["outcome"], told["promoted"]) == ("not comparable", False)
    assert world.champion["model"] == first.digest


def test_other_settings_of_the_benchmark_are_refused_and_other_published_figures_are_not(world):
    world.decide("a", right(20))
    with pytest.raises(RlvrError, match="other settings"):
        world.decide("b", right(60), benchmark={**BENCHMARK, "prompt": "another"})
    assert world.decide("c", right(60), benchmark={**BENCHMARK, "published": [1]})[0]["promoted"]


def test_evaluations_of_another_model_or_benchmark_are_refused(world):
    model, other = world.model("one"), world.model("two")
    evaluation = world.evaluation("e", other, right(5))
    decision = SimpleNamespace(path=str(world.folder / "d.json"), metadata={})
    with pytest.raises(RlvrError, match="pass the evaluations of the model"):
        promote(str(world.folder / "store"), "r1_vlm", BENCHMARK, model, [evaluation], decision)
    with pytest.raises(RlvrError, match="None of the 1 evaluations is on words"):
        promote(str(world.folder / "store"), "r1_vlm", {"name": "words"}, other, [evaluation], decision)


def test_a_run_that_ends_meanwhile_is_compared_with_too(world, monkeypatch):
    """Another run makes its model champion between this run's decision and its entry."""
    from rlvr.store.local import LocalStore

    world.decide("a", right(20))
    exchange, between = LocalStore.exchange, []

    def slow(store, key, before, after):
        if not between:
            between.append(True)
            world.decide("quick", right(58))
        return exchange(store, key, before, after)

    monkeypatch.setattr(LocalStore, "exchange", slow)
    told, model, _ = world.decide("late", right(40))
    assert (told["outcome"], told["promoted"]) == ("not better", False)
    assert world.champion["model"] != model.digest


def test_a_damaged_entry_is_named(world):
    world.store.write(KEY, '{"model": 1}')
    with pytest.raises(RlvrError, match="champions/r1_vlm.json in the store does not name a champion"):
        world.decide("a", right(20))
