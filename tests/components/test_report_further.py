"""What a benchmark's design adds to the page: pass@k, recall at thresholds, clusters and samples."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from report_run import make_run

from rlvr.report.costs import costs, gpu_hours
from rlvr.report.further import design, further
from rlvr.report.inputs import Evaluation, Training
from rlvr.report.page import build
from rlvr.report.published import fine_tuned
from rlvr.report.text import counted


def number(value: float) -> dict[str, float]:
    return {"score_percent": value, "low": value - 1, "high": value + 1}


def test_levels_are_in_order_and_a_missing_role_is_empty() -> None:
    entry: dict[str, Any] = {
        "base": {"recall": {"0.7": number(30), "0.3": number(60)}, "pass_at": {"2": number(70)}},
        "tuned": None,
    }
    rows = further(entry)
    assert [row["name"] for row in rows] == ["R@0.3", "R@0.7", "pass@2"]
    assert rows[0]["base"] == number(60) and rows[0]["tuned"] is None


def test_a_plain_benchmark_needs_no_words() -> None:
    entry = {"aggregate": "mean", "samples": 1, "clusters": None, "base": {}, "tuned": {}}
    assert design(entry) == [] and further(entry) == []
    entry = {"base": {"sample_sd_points": 1.25}, "tuned": None, "samples": 4, "clusters": 12, "aggregate": "macro_mean"}
    assert design(entry) == [
        "mean over the parts' means",
        "4 samples a row, standard deviation over them 1.2 (base)",
        "rows in 12 clusters that share a problem or a video",
    ]


def test_samples_of_a_real_evaluation_reach_the_page(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", n=20)
    for folder in run["evaluations"]:
        table = pq.read_table(folder / "predictions.parquet")
        if json.loads((folder / "evaluation.json").read_text())["benchmark"] != "geoqa_test":
            continue
        twice = table.take(pa.array([index // 2 for index in range(2 * table.num_rows)]))
        pq.write_table(twice, folder / "predictions.parquet")
        about = json.loads((folder / "evaluation.json").read_text())
        (folder / "evaluation.json").write_text(json.dumps({**about, "samples": 2}))
    numbers = build(**run, out=tmp_path / "out")
    assert numbers["benchmarks"][1]["samples"] == 2 and numbers["benchmarks"][1]["n"] == 120
    page = " ".join((tmp_path / "out" / "report.html").read_text().split())
    assert "2 samples a row" in page and "pass@2, published" in page


def test_hours_of_cards_are_counted_for_training_and_evaluation() -> None:
    assert gpu_hours("8 x NVIDIA H100", 1800.0) == 4.0 and gpu_hours("x86_64 CPU, 2 threads of 2", 1800.0) == 0.0
    assert gpu_hours(None, 5.0) is gpu_hours("2 x NVIDIA H100", None) is None
    stage = {"name": "grpo", "seconds": 3600.0, "response_tokens": 10, "hardware": "2 x NVIDIA H100"}
    evaluation = Evaluation(
        benchmark="b", role="base", model_digest="d", seconds=1800.0, hardware="1 x NVIDIA H100", location="hub",
        row_ids=["a"], completions=["x"], tokens=7, truncated=0, scores={"published": [1.0], "strict": [1.0]},
    )  # fmt: skip
    told = costs([Training(stage=stage, steps=[], rollouts=None)], {"b": {"base": evaluation}})
    assert (told["gpu_hours"], told["training_gpu_hours"], told["total_seconds"]) == (2.5, 2.0, 5400.0)
    assert told["evaluations"][0]["gpu_hours"] == 0.5 and told["evaluation_tokens"] == 7
    told = costs([], {"b": {"base": replace(evaluation, hardware=None)}})
    assert told["gpu_hours"] is told["training_gpu_hours"] is None


def test_counts_have_their_nouns() -> None:
    assert [counted(number, "row") for number in (1, 2, 12_408, 0, None)] == [
        "1 row", "2 rows", "12,408 rows", "no rows", "– rows",
    ]  # fmt: skip


def test_published_fine_tuning_stands_between_base_and_tuned() -> None:
    number = {"role": "sft", "same_model": True, "recall_at": None, "score_percent": 46.3}
    others = [number | {"role": "base"}, number | {"same_model": False}, number | {"recall_at": 0.5}]
    assert fine_tuned([{"name": "a", "published": [number, *others]}, {"name": "b", "published": []}]) == {
        "a": [number],
        "b": [],
    }
    assert fine_tuned([{"name": "a", "published": others}]) == {}
