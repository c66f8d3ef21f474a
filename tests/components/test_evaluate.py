import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from rlvr import generation
from rlvr.canonical import plain
from rlvr.checkpoints import Checkpoints
from rlvr.data.ingest import ingest
from rlvr.data.rows import columns, read
from rlvr.errors import RlvrError
from rlvr.evaluate import evaluate
from rlvr.predictions import arrangement
from rlvr.report.inputs import read_evaluation
from rlvr.scoring.rules import scored
from rlvr.store import open_store


@pytest.fixture(scope="module")
def tests_folder(digits_method, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tests")
    benchmark = digits_method.benchmarks[0]
    ingest(sources=[{"task": benchmark.name, "source": plain(benchmark.source)}], seed=0, out=folder)
    return folder


def run(benchmark, base, tests, out, batch, **more):
    evaluate(
        benchmark=plain(benchmark),
        role="base",
        precision="float32",
        batch=batch,
        model=base,
        tests=tests,
        predictions=out,
        **more,
    )
    return pq.read_table(out / "predictions.parquet").to_pylist()


def test_predictions_do_not_depend_on_the_batch_and_can_be_rescored(digits_method, tiny_base, tests_folder, tmp_path):
    benchmark = digits_method.benchmarks[0]
    whole = run(benchmark, tiny_base, tests_folder, tmp_path / "a", 12)
    assert run(benchmark, tiny_base, tests_folder, tmp_path / "b", 5) == whole
    rows = read(tests_folder)
    assert [entry["row_id"] for entry in whole] == [row["row_id"] for row in rows]
    again = scored(benchmark, [entry["completion"] for entry in whole], columns(rows))
    assert [(entry["published"], entry["strict"]) for entry in whole] == [
        (entry["published"], entry["strict"]) for entry in again
    ]
    assert json.loads(whole[0]["gold"]) == {"answer": rows[0]["answer"], "answer_kind": rows[0]["answer_kind"]}
    summary = json.loads((tmp_path / "a" / "evaluation.json").read_text())
    assert (summary["benchmark"], summary["role"], summary["rows"]) == (benchmark.name, "base", 12)
    assert (summary["aggregate"], summary["samples"]) == ("mean", 1)


def test_an_interrupted_evaluation_goes_on_with_what_is_missing(
    digits_method, tiny_base, tests_folder, tmp_path, monkeypatch
):
    benchmark = digits_method.benchmarks[0]
    whole = run(benchmark, tiny_base, tests_folder, tmp_path / "whole", 4)
    checkpoints = Checkpoints(open_store(str(tmp_path / "store")), "0" * 64)
    original, asked = generation.generator, []

    def stopping(after):
        def make(*arguments):
            generate = original(*arguments)

            def limited(numbers):
                if len(asked) == after:
                    raise KeyboardInterrupt
                asked.append(list(numbers))
                return generate(numbers)

            return limited

        return make

    monkeypatch.setattr("rlvr.evaluate.generator", stopping(2))
    with pytest.raises(KeyboardInterrupt):
        run(benchmark, tiny_base, tests_folder, tmp_path / "cut", 4, checkpoints=checkpoints)
    assert not (tmp_path / "cut" / "predictions.parquet").exists()
    assert checkpoints.latest()[0] == 8
    asked.clear()
    monkeypatch.setattr("rlvr.evaluate.generator", stopping(9))
    rest = run(benchmark, tiny_base, tests_folder, tmp_path / "cut", 3, checkpoints=checkpoints)
    assert asked == [[8, 9, 10], [11]] and rest == whole


def test_parts_are_saved_from_time_to_time(tmp_path, monkeypatch):
    monkeypatch.setattr(generation, "SAVE_SECONDS", 0.0)
    checkpoints = Checkpoints(open_store(str(tmp_path / "store")), "1" * 64)
    seen = []

    def generate(numbers):
        newest = checkpoints.latest()
        seen.append(newest and newest[0])
        line = {"sample": 0, "completion": "x", "tokens": 1, "truncated": False}
        return [{"row": number, "row_id": f"r{number}", **line} for number in numbers]

    answers = generation.complete(5, generate, batch=2, checkpoints=checkpoints)
    assert checkpoints.latest()[0] == 5
    assert generation.complete(5, generate, batch=2, checkpoints=checkpoints) == answers and len(seen) == 3
    assert seen == [None, 2, 4] and sorted(answer["row"] for answer in answers) == [0, 1, 2, 3, 4]


def test_several_samples_a_row(digits_method, tiny_base, tests_folder, tmp_path):
    greedy = replace(digits_method.benchmarks[0], samples=3)
    with pytest.raises(RlvrError, match="decodes greedily"):
        run(greedy, tiny_base, tests_folder, tmp_path / "greedy", 6)
    benchmark = replace(greedy, sampling=replace(greedy.sampling, temperature=1.0))
    lines = run(benchmark, tiny_base, tests_folder, tmp_path / "a", 6)
    assert run(benchmark, tiny_base, tests_folder, tmp_path / "b", 5) == lines
    rows = read(tests_folder)
    assert [(line["row_id"], line["sample"]) for line in lines] == [
        (row["row_id"], sample) for row in rows for sample in range(3)
    ]
    assert any(lines[start]["completion"] != lines[start + 1]["completion"] for start in range(0, 36, 3))
    other = run(benchmark, tiny_base, tests_folder, tmp_path / "c", 6, seed=1)
    assert [line["completion"] for line in other] != [line["completion"] for line in lines]
    read_back = read_evaluation(tmp_path / "a")
    assert read_back.design.samples == 3 and len(read_back.row_ids) == 36


def test_columns_that_group_rows_must_be_there(digits_method, tests_folder):
    benchmark = replace(digits_method.benchmarks[0], cluster_by="answer_kind")
    table = columns(read(tests_folder))
    lines = arrangement(benchmark, ["x"] * 12, table)
    assert [line["cluster"] for line in lines] == table["answer_kind"] and lines[0]["published_boxes"] is None
    with pytest.raises(RlvrError, match="groups its rows by 'problem'"):
        arrangement(replace(benchmark, cluster_by="problem"), ["x"] * 12, table)


def test_gold_answers_score_one_and_wrong_ones_zero(digits_method, tests_folder):
    benchmark, rows = digits_method.benchmarks[0], read(tests_folder)
    prefill, table = benchmark.prompt.prefill, columns(rows)
    gold = [f"{prefill} </think>\n<answer>{row['answer']}</answer>" for row in rows]
    assert all(entry == {"published": 1.0, "strict": 1.0} for entry in scored(benchmark, gold, table))
    wrong = [f"{prefill} </think>\n<answer>999</answer>" for row in rows]
    assert all(entry["published"] == 0.0 for entry in scored(benchmark, wrong, table))
    assert all(entry["strict"] is None for entry in scored(benchmark, [prefill] * len(rows), table))


def test_a_benchmark_without_rows_is_named(digits_method, tiny_base, digit_rows, tmp_path):
    with pytest.raises(RlvrError, match="no rows of benchmark held_out_digits"):
        run(digits_method.benchmarks[0], tiny_base, digit_rows, tmp_path, 4)
