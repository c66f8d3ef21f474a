"""metrics.json's numbers from predictions with samples, clusters and boxes; verdicts against printed numbers."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rlvr.errors import RlvrError
from rlvr.report.inputs import Evaluation, read_evaluation
from rlvr.report.metrics import benchmark_metrics
from rlvr.report.published import compare
from rlvr.scoring.picture import Picture

BOX = (0.0, 0.0, 10.0, 10.0)
RIGHT = Picture(found=(("cat", BOX, 0.9),), truth=(("cat", BOX),)).to_text()
WRONG = Picture(found=(("cat", (50.0, 50.0, 60.0, 60.0), 0.9),), truth=(("cat", BOX),)).to_text()


def evaluation(folder: Path, role: str, scores: list[float | None], about: dict[str, Any], **more: Any) -> Evaluation:
    folder.mkdir()
    samples = about.get("samples", 1)
    count = len(scores)
    table = {
        "row_id": [f"r{number // samples}" for number in range(count)],
        "completion": ["x"] * count,
        "tokens": [1] * count,
        "truncated": [False] * count,
        "published": scores,
        "strict": scores,
        **more,
    }
    pq.write_table(pa.table(table), folder / "predictions.parquet")
    known = {"benchmark": "b", "role": role, "model_digest": role, "rows": count // samples, **about}
    (folder / "evaluation.json").write_text(json.dumps(known))
    return read_evaluation(folder)


def test_predictions_without_a_design_are_plain(tmp_path: Path) -> None:
    base = evaluation(tmp_path / "a", "base", [1.0, 0.0, None, 0.0], {})
    entry = benchmark_metrics("b", {"base": base})
    assert (entry["n"], entry["samples"], entry["aggregate"], entry["clusters"]) == (4, 1, "mean", None)
    assert entry["base"]["score_percent"] == 25.0 and entry["difference"] is None


def test_clusters_widen_and_rows_are_paired_in_any_order(tmp_path: Path) -> None:
    clusters = [f"video {number // 4}" for number in range(24)]
    base = evaluation(tmp_path / "a", "base", [float(n // 4 % 2) for n in range(24)], {}, cluster=clusters)
    tuned = evaluation(tmp_path / "b", "tuned", [float(n // 4 % 3 > 0) for n in range(24)], {}, cluster=clusters)
    entry = benchmark_metrics("b", {"base": base, "tuned": tuned})
    assert entry["clusters"] == 6 and entry["base"]["interval"] == "clustered t"
    change = entry["difference"]
    assert entry["gained"] == 8 and entry["lost"] == 4 and change["low"] < change["value"] < change["high"]
    assert entry["detectable_points"] > 50  # six videos show little


def test_samples_are_rows_once(tmp_path: Path) -> None:
    scores = [1.0, 0.0, 1.0, 1.0, 0.0, 0.0]
    base = evaluation(tmp_path / "a", "base", scores, {"samples": 2})
    tuned = evaluation(tmp_path / "b", "tuned", [1.0, 1.0, 1.0, 1.0, 0.0, 1.0], {"samples": 2})
    entry = benchmark_metrics("b", {"base": base, "tuned": tuned})
    assert entry["n"] == 3 and entry["base"]["pass_at"]["2"]["score_percent"] == pytest.approx(66.6667)
    assert (entry["gained"], entry["lost"], entry["difference"]["value"]) == (2, 0, 33.3333)
    once = evaluation(tmp_path / "c", "tuned", [1.0, 1.0, 1.0], {})
    with pytest.raises(RlvrError, match="answered different rows|different ways"):
        benchmark_metrics("b", {"base": base, "tuned": once})


def test_average_precision_replaces_the_mean(tmp_path: Path) -> None:
    about = {"aggregate": "average_precision"}

    def of(name: str, role: str, texts: list[str]) -> Evaluation:
        scores: list[float | None] = [float(text == RIGHT) for text in texts]
        return evaluation(tmp_path / name, role, scores, about, published_boxes=texts, strict_boxes=texts)

    base = of("a", "base", [WRONG, RIGHT, WRONG, WRONG])
    entry = benchmark_metrics("b", {"base": base, "tuned": of("b", "tuned", [RIGHT, RIGHT, RIGHT, RIGHT])})
    assert entry["base"]["score_percent"] < 25 and entry["tuned"]["score_percent"] == 100.0
    assert entry["strict"]["tuned"]["score_percent"] == 100.0 and entry["gained"] == 3
    assert entry["difference"]["low"] <= entry["difference"]["value"] <= entry["difference"]["high"]
    with pytest.raises(RlvrError, match="needs the boxes of every reply in the column strict_boxes"):
        evaluation(tmp_path / "c", "base", [1.0], about, published_boxes=[RIGHT], strict_boxes=["{}"])
    with pytest.raises(RlvrError, match="mean over parts needs each row's part"):
        evaluation(tmp_path / "d", "base", [1.0], {"aggregate": "macro_mean"})
    with pytest.raises(RlvrError, match="aggregate 'sum' of 1 samples"):
        evaluation(tmp_path / "e", "base", [1.0], {"aggregate": "sum"})


def test_a_printed_recall_is_set_beside_ours(tmp_path: Path) -> None:
    roles = {"base": evaluation(tmp_path / "a", "base", [0.6, 0.4, 0.8, 0.9], {"location": "hub", "recall_at": [0.5]})}
    method = {"backbone": {"hub_id": "org/A-2B", "location": "hub"}}
    printed = {"model": "A-2B", "role": "base", "score_percent": 75.0, "rows": 4, "source": "s", "judged": False}

    def here(level: float | None) -> dict[str, Any]:
        benchmark = {"name": "b", "published": [printed | {"recall_at": level}], "source": {"location": "hub"}}
        (one,) = compare(benchmark, benchmark_metrics("b", roles), roles, method, [])
        return one

    assert here(0.5)["here"]["score_percent"] == 75.0 and here(0.5)["verdict"] == "consistent"
    assert here(None)["here"]["score_percent"] == pytest.approx(67.5)
    assert here(0.7)["here"] is None and here(0.7)["verdict"] == "not comparable"


def test_what_makes_a_printed_number_not_comparable(tmp_path: Path) -> None:
    roles = {"base": evaluation(tmp_path / "a", "base", [1.0] * 4, {"location": "hub"})}
    method = {"backbone": {"hub_id": "org/A-2B", "location": "hub"}}
    printed = {"model": "A-2B", "role": "base", "score_percent": 50.0, "rows": 4, "source": "s", "judged": False}

    def reasons(changes: list[str], limit: int | None = None, **changed: Any) -> list[str]:
        benchmark = {"name": "b", "published": [printed | changed], "source": {"location": "hub", "limit": limit}}
        entry = benchmark_metrics("b", roles)
        (one,) = compare(benchmark, entry, roles, method, [{"field": field} for field in changes])
        assert (one["verdict"] == "not comparable") == bool(one["reasons"])
        return list(one["reasons"])

    assert reasons([]) == []
    assert reasons([], rows=5) == ["4 rows here, 5 there"]
    assert reasons([], split="test instead of testmini") == ["scored there: test instead of testmini"]
    assert reasons([], judged=True) == ["a language model judged the published answers"]
    assert reasons([], limit=4, rows=None) == ["the first 4 rows here, an unknown number there"]
    changes = ["benchmarks.b.sampling.max_new_tokens", "benchmarks.b.source.limit", "benchmarks.c.prompt.system"]
    assert reasons(changes) == ["evaluated with other settings (sampling.max_new_tokens)"]
