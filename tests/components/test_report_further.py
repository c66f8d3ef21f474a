"""What a benchmark's design adds to the page: pass@k, recall at thresholds, clusters and samples."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from report_run import make_run

from rlvr.report.further import design, further
from rlvr.report.page import build


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
