"""Every benchmark there is: rows in the published schema, answers that its rules know, text that means harm."""

import json
import sys
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from every_benchmark import BENCHMARKS
from rlvr.benchmarks.benchmark import Benchmark
from rlvr.canonical import load, plain
from rlvr.data.gold import FORMS, wrong_answer
from rlvr.data.ingest import converted
from rlvr.data.load import raw_rows
from rlvr.data.rows import columns, row_id
from rlvr.datasets import virft_coco

EVERY = pytest.mark.parametrize("benchmark", BENCHMARKS.values(), ids=BENCHMARKS)

PAYS_WRONG_NUMBERS = {"curr_reft_math"}
"""Published rules that pay some wrong answers, as the benchmark's documentation says; their strict rules do not."""

MORE_FORMS = (
    *FORMS,
    "<think> gold </think> <answer> {answer} </answer>",
    "◁think▷gold◁/think▷\\boxed{{{answer}}}",
    "gold\nAnswer: {answer}",
)

MEGABYTE = 1_000_000
HOSTILE = (
    "",
    "\0" * 64 + "<answer>\0</answer>",
    "[" * MEGABYTE,
    "<answer>" + "{" * MEGABYTE + "</answer>",
    "<answer>" * 100_000,
    "<think>" + "a" * MEGABYTE,
    "\\boxed{" * 100_000 + "1",
    "<html><script>alert(1)</script><table>" + "<td>1</td>" * 50_000,
    "<answer>" + "a" * 50_000 + "!" + "(a+)+$" * 10_000 + "</answer>",
    "Answer: " + "1," * 200_000,
    "<answer>9**9**9**9**9</answer>",
    "<answer>" + "-" * 100_000 + "1</answer>",
    "<answer>[[1e999, NaN, -Infinity, 0]]</answer>",
    "<answer>" + "9" * 100_000 + "</answer>",
    "<answer>\ud800 \u202e\u0000</answer>",
)


def rows_of(benchmark, n, seed=3):
    source = benchmark.source
    kept = [raw for raw in source.synthetic(n, seed) if source.skip is None or not source.skip(raw)]
    rows = [converted(raw, benchmark.name, source, f"row of {source.name}") for raw in kept]
    return [{**row, "row_id": row_id(row)} for row in rows]


def in_files(value, folder, name):
    """`value` with its pictures written to files, whose relative paths stand in their place."""
    if isinstance(value, dict) and set(value) == {"bytes", "path"}:
        value = value["bytes"]
    if isinstance(value, bytes):
        (folder / f"{name}.png").write_bytes(value)
        return f"{name}.png"
    if isinstance(value, list):
        return [in_files(item, folder, f"{name}-{number}") for number, item in enumerate(value)]
    if isinstance(value, dict):
        return {key: in_files(item, folder, f"{name}-{key}") for key, item in value.items()}
    return value


def rules(benchmark):
    return {"published": benchmark.published_rule, "strict": benchmark.strict_rule}


def pairs_of(benchmark):
    """Functions from a row to a right and a wrong completion: the source's own, its module's, then the plain forms."""
    source = benchmark.source
    module = sys.modules[source.convert.__module__]
    yield from [source.gold] if source.gold else []
    yield from [function for name, function in vars(module).items() if name.startswith("gold")]
    yield detections
    for form in MORE_FORMS:
        yield lambda row, form=form: (
            form.format(answer=row["answer"]),
            form.format(answer=wrong_answer(row["answer"])),
        )


def detections(row):
    """The true boxes in thousandths, as Visual-RFT writes them, and a box in the far corner."""
    extra = json.loads(row["extra"])
    sides = (extra["width_px"], extra["height_px"]) * 2
    boxes = [
        tuple(round(1000 * number / side) for number, side in zip(box, sides, strict=True))
        for box in row["boxes_xyxy_px"]
    ]
    return virft_coco.completion(boxes), virft_coco.completion([(990, 990, 1000, 1000)])


def test_there_is_one_benchmark_a_name():
    assert len(BENCHMARKS) > 80
    assert [name for name, benchmark in BENCHMARKS.items() if not name.replace("_", "").isalnum()] == []


@EVERY
def test_it_survives_json(benchmark):
    assert load(Benchmark, plain(benchmark)) == benchmark
    assert benchmark.source.revision is None or len(benchmark.source.revision) == 40
    for printed in benchmark.published:
        assert printed.role in ("base", "sft", "tuned")
        assert 0 <= printed.score_percent <= 100
        assert printed.source


@EVERY
def test_synthetic_rows_have_the_published_columns(benchmark):
    source = benchmark.source
    raws = list(source.synthetic(5, 3))
    assert raws == list(source.synthetic(5, 3)) != list(source.synthetic(5, 4))
    assert all(set(source.columns) <= set(raw) for raw in raws)
    rows = rows_of(benchmark, 5)
    assert all(row["prompt"] and (row["images"] or row.get("video")) for row in rows)
    assert len({row["row_id"] for row in rows}) == len(rows) == 5


@EVERY
def test_the_loader_reads_files_in_the_published_schema(benchmark, tmp_path):
    source = benchmark.source
    if source.read is not None:
        pytest.skip("the publisher's own layout: a test of its own")
    raws = list(source.synthetic(3, 5))
    place = tmp_path / source.files.replace("**/", "").replace("*", "x").replace("[", "").replace("]", "")
    place = place if place.suffix in (".parquet", ".jsonl", ".json") else place.with_suffix(".jsonl")
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(raws), place)
    else:
        raws = [in_files(raw, place.parent, str(number)) for number, raw in enumerate(raws)]
        lines = [json.dumps(raw) for raw in raws]
        place.write_text("\n".join(lines) if place.suffix == ".jsonl" else f"[{','.join(lines)}]")
    located = replace(source, location=str(tmp_path), limit=None)
    read = [source.convert(raw) for raw in raw_rows(located, 0)]
    kept = [(row["prompt"], row["answer"]) for row in read]
    assert kept == [(row["prompt"], row["answer"]) for row in map(source.convert, source.synthetic(3, 5))]


@EVERY
def test_gold_is_right_and_another_answer_is_not(benchmark):
    rows = rows_of(benchmark, 4)
    if rows[0]["answer_kind"] == "none":
        pytest.skip("rows have no gold answer")
    table, tried = columns(rows), []
    for pair in pairs_of(benchmark):
        try:
            right, wrong = zip(*map(pair, rows), strict=True)
        except (AttributeError, KeyError, TypeError, ValueError):  # a form of another kind of row
            continue
        of_right = {name: rule(list(right), **table) for name, rule in rules(benchmark).items()}
        of_wrong = {name: rule(list(wrong), **table) for name, rule in rules(benchmark).items()}
        if benchmark.name in PAYS_WRONG_NUMBERS:
            of_wrong.pop("published")
        right_enough = all((score or 0) > 0.999 for scores in of_right.values() for score in scores)
        if right_enough and all((score or 0) < 1 for scores in of_wrong.values() for score in scores):
            return
        tried.append((of_right, of_wrong))
    raise AssertionError(f"no form of a right answer is right: {tried[:2]}")


@EVERY
def test_odd_replies_are_not_paid_by_the_strict_rule(benchmark):
    (row,) = rows_of(benchmark, 1)
    answer = row["answer"]
    odd = ["", "   ", f"<think> {answer}", "<answer></answer>", f"<answer>{answer}", "<think></think>"]
    table = columns([row] * len(odd))
    for name, rule in rules(benchmark).items():
        scores = rule(odd, **table)
        assert all(score is None or 0 <= score <= 1 for score in scores)
        if name == "strict":
            assert not any(scores), scores


@EVERY
def test_of_several_answers_the_last_one_counts_for_the_strict_rule(benchmark):
    rows = rows_of(benchmark, 1)
    for pair in pairs_of(benchmark):
        try:
            right, wrong = pair(rows[0])
        except (AttributeError, KeyError, TypeError, ValueError):
            continue
        if benchmark.strict_rule([right], **columns(rows)) != [1.0] or "<answer>" not in right:
            continue
        before, after = benchmark.strict_rule([f"{wrong}\n{right}", f"{right}\n{wrong}"], **columns(rows * 2))
        assert (after or 0) < 1
        assert before is None or 0 <= before <= 1
        return


RULES = {
    f"{rule.__module__.removeprefix('rlvr.scoring.')}.{rule.__name__}": (rule, benchmark)
    for benchmark in BENCHMARKS.values()
    for rule in rules(benchmark).values()
}


@pytest.mark.parametrize("rule, benchmark", RULES.values(), ids=RULES)
def test_hostile_text_is_scored_in_bounds(rule, benchmark):
    scores = rule(list(HOSTILE), **columns(rows_of(benchmark, 1) * len(HOSTILE)))
    assert len(scores) == len(HOSTILE)
    assert all(score is None or 0 <= score <= 1 for score in scores)
