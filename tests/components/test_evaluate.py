import json

import pyarrow.parquet as pq
import pytest

from rlvr.canonical import plain
from rlvr.data.ingest import ingest
from rlvr.data.rows import read
from rlvr.errors import RlvrError
from rlvr.evaluate import evaluate, score


@pytest.fixture(scope="module")
def tests_folder(digits_method, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tests")
    benchmark = digits_method.benchmarks[0]
    ingest(sources=[{"task": benchmark.name, "source": plain(benchmark.source)}], seed=0, out=folder)
    return folder


def run(benchmark, base, tests, out, batch):
    evaluate(
        benchmark=plain(benchmark),
        role="base",
        precision="float32",
        batch=batch,
        model=base,
        tests=tests,
        predictions=out,
    )
    return pq.read_table(out / "predictions.parquet").to_pylist()


def test_predictions_do_not_depend_on_the_batch_and_can_be_rescored(digits_method, tiny_base, tests_folder, tmp_path):
    benchmark = digits_method.benchmarks[0]
    whole = run(benchmark, tiny_base, tests_folder, tmp_path / "a", 12)
    assert run(benchmark, tiny_base, tests_folder, tmp_path / "b", 5) == whole
    rows = read(tests_folder)
    assert [entry["row_id"] for entry in whole] == [row["row_id"] for row in rows]
    again = score(benchmark, [entry["completion"] for entry in whole], rows)
    assert [(entry["published"], entry["strict"]) for entry in whole] == [
        (entry["published"], entry["strict"]) for entry in again
    ]
    summary = json.loads((tmp_path / "a" / "evaluation.json").read_text())
    assert (summary["benchmark"], summary["role"], summary["rows"]) == (benchmark.name, "base", 12)


def test_gold_answers_score_one_and_wrong_ones_zero(digits_method, tests_folder):
    benchmark, rows = digits_method.benchmarks[0], read(tests_folder)
    prefill = benchmark.prompt.prefill
    gold = [f"{prefill} </think>\n<answer>{row['answer']}</answer>" for row in rows]
    assert all(entry == {"published": 1.0, "strict": 1.0} for entry in score(benchmark, gold, rows))
    wrong = [f"{prefill} </think>\n<answer>999</answer>" for row in rows]
    assert all(entry["published"] == 0.0 for entry in score(benchmark, wrong, rows))
    assert all(entry["strict"] is None for entry in score(benchmark, [prefill] * len(rows), rows))


def test_a_benchmark_without_rows_is_named(digits_method, tiny_base, digit_rows, tmp_path):
    with pytest.raises(RlvrError, match="no rows of benchmark held_out_digits"):
        run(digits_method.benchmarks[0], tiny_base, digit_rows, tmp_path, 4)
