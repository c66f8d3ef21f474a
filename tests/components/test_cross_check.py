"""The cross-check: lmms-eval's files as our metrics, its command line, and what it refuses."""

import json
import sys

import pytest

from every_benchmark import BENCHMARKS
from rlvr.cross_check import run
from rlvr.cross_check.command import command
from rlvr.cross_check.results import metrics
from rlvr.cross_check.tasks import JUDGED, SHARED, VERSION, shared
from rlvr.errors import RlvrError

STAMP = "20261127_101112"


def written(folder, results, samples):
    """A folder as lmms-eval leaves it: `results` task -> metrics, `samples` task -> lines."""
    place = folder / "store__model"
    place.mkdir(parents=True)
    counts = {task: {"original": len(lines) + 3, "effective": len(lines)} for task, lines in samples.items()}
    data = {
        "results": {task: {"alias": task, **values} for task, values in results.items()},
        "group_subtasks": {task: [] for task in results},
        "configs": {task: {"task": task} for task in results},
        "n-samples": counts,
        "model_source": "qwen2_5_vl",
        "total_evaluation_time_seconds": "12.5",
    }
    (place / f"{STAMP}_results.json").write_text(json.dumps(data))
    for task, lines in samples.items():
        (place / f"{STAMP}_samples_{task}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def choice(number, letter, right):
    """A sample of a task with a letter, in the form of lmms-eval's log."""
    verdict = {"id": number, "gt_content": "A", "pred_parsed": letter, "pred": "reply", "is_correct": right}
    return {"doc_id": number, "target": "(A)", "filtered_resps": "reply", "doc_hash": "0", "cv_bench_acc": verdict}


CV_BENCH = [choice(0, "A", True), choice(1, "B", False), choice(2, "A", True), choice(3, "", False)]


def cv_bench(folder, share=0.5):
    figures = {"cv_bench_acc,none": share, "cv_bench_acc_stderr,none": "N/A"}
    return written(folder, {"cv_bench": figures}, {"cv_bench": CV_BENCH})


def test_the_form_is_that_of_our_metrics(tmp_path):
    made = metrics(cv_bench(tmp_path), ["cv_bench"], "tuned")
    assert made["harness"] == f"lmms-eval {VERSION}" and made["role"] == "tuned" and made["defects"]
    (entry,) = made["benchmarks"]
    assert {"name", "n", "base", "tuned", "difference", "gained", "lost"} <= set(entry)
    assert (entry["name"], entry["n"], entry["base"]) == ("cv_bench", 4, None)
    assert entry["tuned"]["score_percent"] == 50.0 and entry["tuned"]["unparsed_percent"] == 25.0
    assert 0 < entry["tuned"]["low"] < 50 < entry["tuned"]["high"] < 100
    assert any("first letter" in defect for defect in entry["defects"])
    json.dumps(made, allow_nan=False)


def test_percentages_and_shares_come_out_alike(tmp_path):
    vision = [{"doc_id": n, "mathvision_standard_eval": {"response": ["r"], "scores": [n < 3]}} for n in range(4)]
    charades = [{"doc_id": n, "charades_sta_mIOU": {"v>>>c>>>[0, 1]": "0 to 1"}} for n in range(4)]
    results = {
        "mathvision_test": {"mathvision_standard_eval,none": 75.0},
        "temporal_grounding_charades": {"charades_sta_mIOU,none": 30.0, "charades_sta_IOU@5,none": 25.0},
    }
    samples = {"mathvision_test": vision, "temporal_grounding_charades": charades}
    made = metrics(written(tmp_path, results, samples), ["math_vision", "charades_sta"], "base")
    by_name = {entry["name"]: entry["base"] for entry in made["benchmarks"]}
    assert by_name["math_vision"]["score_percent"] == 75.0
    assert by_name["charades_sta"] == {
        **by_name["charades_sta"], "score_percent": 30.0, "unparsed_percent": None,
    }  # fmt: skip


def test_boxes_that_were_not_read_are_counted(tmp_path):
    truth = [0.1, 0.1, 0.5, 0.5]
    boxes = [[0.1, 0.1, 0.5, 0.5], [0, 0, 0, 0], [0, 0, 0, 0], [0.6, 0.6, 0.9, 0.9]]
    task = "refcoco_bbox_rec_val"
    logged = [{"answer": "a", "pred": box, "bbox": truth} for box in boxes]
    lines = [{"doc_id": n, "refcoco_ACC@0.5": entry} for n, entry in enumerate(logged)]
    folder = written(tmp_path, {task: {"refcoco_ACC@0.5,none": 0.25}}, {task: lines})
    (entry,) = metrics(folder, ["refcoco_val"], "base")["benchmarks"]
    assert entry["base"]["score_percent"] == 25.0 and entry["base"]["unparsed_percent"] == 50.0


def test_verdicts_that_are_bare_values_are_read(tmp_path):
    lines = [{"doc_id": n, "exact_match": n != 0} for n in range(5)]
    folder = written(tmp_path, {"nextqa_mc_test": {"exact_match,none": 0.8}}, {"nextqa_mc_test": lines})
    (entry,) = metrics(folder, ["next_qa"], "base")["benchmarks"]
    assert entry["n"] == 5 and entry["base"]["score_percent"] == 80.0


@pytest.mark.parametrize(
    "break_it, message",
    [
        (lambda folder: None, "not of one run"),
        (lambda folder: next(folder.rglob("*_results.json")).write_text("{"), "not JSON"),
        (lambda folder: next(folder.rglob("*_results.json")).write_text("{}"), "no single number"),
        (lambda folder: next(folder.rglob("*_results.json")).unlink(), "holds 0 files"),
        (lambda folder: next(folder.rglob("*.jsonl")).write_text("{}\n{"), "line 2"),
    ],
)
def test_files_of_another_form_are_refused_by_name(tmp_path, break_it, message):
    folder = cv_bench(tmp_path, share=0.75)
    break_it(folder)
    with pytest.raises(RlvrError, match=message):
        metrics(folder, ["cv_bench"], "base")


def test_every_shared_benchmark_is_one_of_ours():
    assert set(SHARED) <= set(BENCHMARKS) and set(JUDGED) <= set(BENCHMARKS)
    assert not set(SHARED) & set(JUDGED)
    assert shared(("math_vista", "cv_bench", "mmmu_val")) == ("cv_bench", "mmmu_val")


def test_the_command_names_checkpoint_tasks_and_output(tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text('{"model_type": "qwen2_5_vl"}')
    words = command(model, ["cv_bench", "mmmu_val"], tmp_path / "out")
    assert words[:3] == [sys.executable, "-m", "lmms_eval"]
    pairs = dict(zip(words[3::1], words[4::1], strict=False))
    assert pairs["--model"] == "qwen2_5_vl" and pairs["--tasks"] == "cv_bench,mmmu_val"
    assert pairs["--model_args"] == f"pretrained={model}" and "--log_samples" in words
    (model / "config.json").write_text('{"model_type": "kimi_vl"}')
    with pytest.raises(RlvrError, match="no model for 'kimi_vl'"):
        command(model, ["cv_bench"], tmp_path / "out")


STAND_IN = """
import json, pathlib, sys
out = pathlib.Path(sys.argv[sys.argv.index("--output_path") + 1]) / "m"
out.mkdir(parents=True)
sample = {"doc_id": 0, "cv_bench_acc": {"pred_parsed": "A", "is_correct": True}}
(out / "1_results.json").write_text(json.dumps({
    "results": {"cv_bench": {"cv_bench_acc,none": 1.0}}, "n-samples": {"cv_bench": {"effective": 1}}}))
(out / "1_samples_cv_bench.jsonl").write_text(json.dumps(sample) + "\\n")
"""


def model_folder(tmp_path, monkeypatch, script):
    """A checkpoint, and a program of lmms-eval's name that honours its command line where this one cannot run."""
    (tmp_path / "path" / "lmms_eval").mkdir(parents=True)
    (tmp_path / "path" / "lmms_eval" / "__init__.py").write_text("")
    (tmp_path / "path" / "lmms_eval" / "__main__.py").write_text(script)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "path"))
    monkeypatch.syspath_prepend(str(tmp_path / "path"))
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text('{"model_type": "qwen2_vl"}')
    return tmp_path / "model"


def test_the_stage_runs_the_program_and_writes_metrics(tmp_path, monkeypatch):
    model = model_folder(tmp_path, monkeypatch, STAND_IN)
    run.cross_check(benchmarks=["math_vista", "cv_bench"], role="base", model=model, scores=tmp_path / "scores")
    made = json.loads((tmp_path / "scores" / "metrics.json").read_text())
    assert [entry["name"] for entry in made["benchmarks"]] == ["cv_bench"]
    assert made["benchmarks"][0]["base"]["score_percent"] == 100.0
    assert (tmp_path / "scores" / "lmms_eval" / "output.log").is_file()


def test_a_failing_program_is_quoted(tmp_path, monkeypatch):
    model = model_folder(tmp_path, monkeypatch, "raise SystemExit('no such data set')")
    with pytest.raises(RlvrError, match="(?s)ended with 1.*no such data set"):
        run.cross_check(benchmarks=["cv_bench"], role="base", model=model, scores=tmp_path / "scores")


def test_a_program_that_fails_and_ends_with_0_is_quoted(tmp_path, monkeypatch):
    model = model_folder(tmp_path, monkeypatch, "print('Error during evaluation: no driver')")
    with pytest.raises(RlvrError, match="(?s)left no results.*Error during evaluation: no driver"):
        run.cross_check(benchmarks=["cv_bench"], role="base", model=model, scores=tmp_path / "scores")


def test_benchmarks_that_it_cannot_score_are_named(tmp_path):
    with pytest.raises(RlvrError, match="math_vista: a language model judges there"):
        run.cross_check(benchmarks=["math_vista"], role="base", model=tmp_path, scores=tmp_path / "scores")
