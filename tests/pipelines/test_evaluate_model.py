"""`rlvr evaluate`: a checkpoint on a benchmark, outside of a pipeline."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from rlvr.errors import RlvrError
from rlvr.store import manifest_of
from rlvr_pipelines import evaluate_model
from rlvr_pipelines.benchmark_table import find
from rlvr_pipelines.cli import app
from rlvr_pipelines.score_predictions import score_file, summary


@pytest.fixture
def short_digits(monkeypatch):
    """The digits benchmark with short replies, under its own name."""
    whole = find("held_out_digits")
    short = replace(whole, sampling=replace(whole.sampling, max_new_tokens=16))
    monkeypatch.setattr("rlvr_pipelines.benchmark_table.find", lambda name: short)
    return short


def test_the_command_leaves_predictions_that_can_be_scored_again(short_digits, tiny_base, tmp_path):
    out = tmp_path / "out"
    arguments = ["evaluate", "held_out_digits", "--model", str(tiny_base), "--data", "synthetic", "--limit", "6"]
    result = CliRunner().invoke(app, [*arguments, "--out", str(out), "--batch", "4", "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["n"], found["published"]["n"], found["precision"]) == (6, 6, "float32")
    assert found["model_digest"] == manifest_of(tiny_base).digest
    assert json.loads((out / "metrics.json").read_text()) == found
    assert not (out / "unfinished").exists() and (out / "evaluation.json").is_file()
    again = summary(short_digits, score_file(short_digits, out / "predictions.parquet"))
    rows = summary(short_digits, score_file(short_digits, out / "predictions.parquet", out / "rows"))
    assert all(one["verdict"] == "not comparable" for one in found["printed"])
    assert found["published"] == again["published"] == rows["published"] and found["strict"] == again["strict"]


def test_printed_numbers_are_not_set_beside_other_rows_or_settings():
    asked = find("superclevr_200")
    used = evaluate_model.with_settings(asked, data="synthetic", limit=9, samples=4, temperature=0.5)
    assert evaluate_model.departures(asked, used) == [
        "synthetic rows stand in for the published ones",
        "temperature 0.5 instead of 0",
        "4 samples a row instead of 1",
    ]
    assert evaluate_model.departures(asked, evaluate_model.with_settings(asked, data="rows", limit=9)) == [
        "the first 9 rows"
    ]
    assert evaluate_model.departures(asked, evaluate_model.with_settings(asked, data="rows")) == []


def test_samples_need_a_temperature(short_digits, tiny_base, tmp_path):
    benchmark = evaluate_model.with_settings(short_digits, data="synthetic", limit=2, samples=2, temperature=0.7)
    found = evaluate_model.evaluate_model(benchmark, tiny_base, tmp_path, precision="", batch=2, seed=3)
    assert (found["n"], found["samples"], found["seed"]) == (2, 2, 3) and "sample_sd_points" in found["published"]
    with pytest.raises(RlvrError, match="decodes greedily.*--temperature"):
        greedy = evaluate_model.with_settings(short_digits, data="synthetic", limit=2, samples=2)
        evaluate_model.evaluate_model(greedy, tiny_base, tmp_path / "b", precision="", batch=2, seed=0)


def test_what_cannot_be_evaluated_is_named(short_digits, tmp_path):
    with pytest.raises(RlvrError, match="is no checkpoint folder"):
        evaluate_model.stored_precision(tmp_path)
    with pytest.raises(RlvrError, match="--precision 'fp16' is none of float32, bfloat16, float16"):
        evaluate_model.evaluate_model(short_digits, tmp_path, tmp_path, precision="fp16", batch=1, seed=0)
    with pytest.raises(RlvrError, match="say how many with --limit"):
        evaluate_model.with_settings(short_digits, data="synthetic")
    with pytest.raises(RlvrError, match="--limit is 0"):
        evaluate_model.with_settings(short_digits, limit=0)
    with pytest.raises(RlvrError, match="--temperature is -1"):
        evaluate_model.with_settings(short_digits, temperature=-1)
