"""500 raw rows with one defect of every kind: each is caught by the name of its check and by its row, and no other is.

The rows take the whole way: a parquet file in an upstream schema, ingest, verify.
"""

import io
import json
import random
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from rlvr.canonical import plain
from rlvr.data import rows as row_files
from rlvr.data.ingest import ingest
from rlvr.data.prompt_tokens import PromptLimit
from rlvr.data.source import Source
from rlvr.data.verify import verify
from rlvr.errors import RlvrError
from rlvr.method import Reward, Task
from rlvr.prompts import Prompt

ROWS = 500
JPEG = {"quality": 95, "subsampling": 0}
SHAPES = ("ring", "cube", "cone", "disc")


def exact(completions, answer, **columns):
    """The text of the answer tag; the square root sign cannot be read."""
    spans = [re.search(r"<answer>(.*?)</answer>", text, re.DOTALL) for text in completions]
    pairs = zip(spans, answer, strict=True)
    return [None if "√" in gold else float(bool(span) and span[1] == gold) for span, gold in pairs]


def convert(raw):
    return {
        "images": [raw["image"]],
        "prompt": raw["question"],
        "answer": raw["answer"],
        "answer_kind": "text",
        "options": raw["options"],
        "boxes_xyxy_px": [raw["box"]] if raw["box"] else None,
        "span_seconds": raw["span"],
        "extra": json.dumps({"duration_seconds": 30.0}) if raw["span"] else None,
    }


SOURCE = Source(
    name="shapes_train",
    title="Shapes",
    files="*.parquet",
    licence="CC BY 4.0",
    published_rows=ROWS,
    columns=("image", "question", "answer", "options", "box", "span"),
    convert=convert,
)
TASK = Task(name="shapes", source=SOURCE, prompt=Prompt(template="{question}"), rewards=(Reward(function=exact),))
LIMIT = PromptLimit(task="shapes", max_tokens=300)


def picture(seed, size=(128, 112), kind="PNG"):
    """Soft noise, which looks like no other seed's."""
    rng = random.Random(seed)
    small = Image.frombytes("RGB", (8, 7), rng.randbytes(8 * 7 * 3))
    encoded = io.BytesIO()
    small.resize(size, Image.Resampling.BICUBIC).save(encoded, kind, **JPEG if kind == "JPEG" else {})
    return encoded.getvalue()


def raw(number, **changes):
    made = {
        "image": picture(number),
        "question": f"Which shape is number {number}?",
        "answer": SHAPES[number % 4],
        "options": list(SHAPES),
        "box": [4.0, 5.0, 30.0, 40.0],
        "span": [1.0, 9.5],
    }
    return {**made, **changes}


PLANTED = {
    "decodable": {7: {"image": picture(7, (300, 200), "JPEG")[:-700]}},
    "min_side": {20: {"image": picture(20, (20, 64)), "box": None}},
    "aspect_ratio": {33: {"image": picture(33, (28 * 201, 28)), "box": None}},
    "unique": {41: raw(40, image=picture(40, kind="BMP"))},
    "no_near_copy": {46: raw(45, image=picture(45, kind="JPEG"))},
    "no_conflicting_answers": {50: {}, 51: raw(50, answer="disc", image=picture(50, kind="TIFF"))},
    "prompt_not_empty": {60: {"question": " \n"}},
    "prompt_length": {71: {"question": "Which shape is it? " * 100}, 72: {"image": picture(72, (560, 560))}},
    "answer_not_empty": {80: {"answer": "", "options": None}},
    "no_placeholder": {90: {"question": "<image>Which shape?"}, 91: {"question": "Which?<|im_end|>"}},
    "boxes_true": {
        100: {"box": [30.0, 5.0, 4.0, 40.0]},
        101: {"box": [4.0, 5.0, 190.0, 40.0]},
        102: {"box": [4.0, float("nan"), 90.0, 40.0]},
        103: {"box": [4.0, 5.0, 9.0]},
    },
    "boxes_partial": {110: {"box": [0.0, 0.0, 128.0, 112.0]}},
    "span_order": {120: {"span": [9.0, 2.0]}, 121: {"span": [-1.0, 2.0]}},
    "span_inside": {130: {"span": [9.0, 31.0]}},
    "options_distinct": {140: {"options": ["ring", "cube", "cube "], "answer": "ring"}},
    "answer_among_options": {150: {"answer": "star"}},
    "no_mojibake": {160: {"question": "O\u00c3\u00b9 est la forme ?"}, 161: {"question": "Which \ufffd?"}},
    "no_control_characters": {170: {"question": "Which\u0000 shape?"}, 171: {"question": "Which\u202e shape?"}},
    "one_script": {180: {"question": "How long does the journey take?", "answer": "2小时", "options": None}},
    "gold_scores_1": {190: {"answer": "√3", "options": None}},
    "in_benchmark": {
        200: {"image": picture(200, kind="BMP"), "question": "Which SHAPE is  number 200?"},
        201: {"image": picture(201, kind="JPEG")},
    },
    "picture_in_benchmark": {210: {}},
}
"""Check -> number of a raw row -> what is wrong with it."""


def defective():
    changes = {number: change for rows in PLANTED.values() for number, change in rows.items()}
    # Most answers are equal: too many for a set of four shapes.
    common = [{"answer": "ring"} if number >= 250 else {} for number in range(ROWS)]
    return [raw(number, **common[number] | changes.get(number, {})) for number in range(ROWS)]


SCHEMA = pa.schema(
    [
        ("image", pa.binary()),
        ("question", pa.string()),
        ("answer", pa.string()),
        ("options", pa.list_(pa.string())),
        ("box", pa.list_(pa.float64())),
        ("span", pa.list_(pa.float64())),
    ]
)


def run(folder: Path, rows, tests, source=SOURCE, **settings) -> SimpleNamespace:
    """The gate's outcome on raw rows and raw benchmark rows."""
    for name, content in (("raw", rows), ("benchmark", tests)):
        (folder / name).mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(content, schema=SCHEMA), folder / name / "rows.parquet", row_group_size=32)
    train = replace(source, location=str(folder / "raw"))
    test = replace(SOURCE, name="shapes_test", location=str(folder / "benchmark"), published_rows=len(tests))
    ingest(sources=[{"task": "shapes", "source": plain(train)}], seed=0, out=folder / "rows")
    ingest(sources=[{"task": "held_out", "source": plain(test)}], seed=0, out=folder / "tests")
    out = SimpleNamespace(folder=folder, error=None, ids=[row["row_id"] for row in row_files.read(folder / "rows")])
    try:
        verify(
            tasks=[plain(replace(TASK, source=train))],
            rows=folder / "rows",
            tests=folder / "tests",
            out_rows=folder / "accepted",
            out_verdict=folder / "verdict",
            limits=[plain(LIMIT)],
            **settings,
        )
    except RlvrError as error:
        out.error = str(error)
    out.verdict = json.loads((folder / "verdict" / "verdict.json").read_text())
    out.checks = {check["name"]: check for check in out.verdict["checks"]}
    return out


BENCHMARK = [raw(200), raw(201), raw(210, question="Another one?"), *(raw(number) for number in range(1000, 1010))]


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    source = replace(SOURCE, licence="", published_rows=600)
    return run(tmp_path_factory.mktemp("planted"), defective(), BENCHMARK, source, max_quarantined_fraction=0.1)


@pytest.mark.parametrize("name", PLANTED)
def test_every_planted_row_is_caught_by_name(planted, name):
    check = planted.checks[name]
    assert check["row_ids"] == [planted.ids[number] for number in PLANTED[name]]
    assert check["failed"] == len(PLANTED[name])


def test_defects_of_sets_and_sources_are_caught_by_name(planted):
    assert planted.checks["answer_majority"]["row_ids"] == ["shapes"]
    assert planted.checks["row_count"]["row_ids"] == ["shapes_train"]
    assert planted.checks["licence_present"]["row_ids"] == ["shapes_train"]
    assert planted.checks["licence_present"]["severity"] == "critical"
    (shapes,) = planted.verdict["sets"]
    assert (shapes["rows"], shapes["majority_answer"]) == (ROWS, "ring")


def test_a_critical_failure_of_a_source_stops_the_gate_with_its_reason(planted):
    assert planted.verdict["passed"] is False
    assert planted.verdict["problem"] == planted.error
    assert "licence_present fails for shapes_train" in planted.error


def test_critical_rows_are_in_quarantine_and_nothing_is_lost(planted):
    critical = {name for name, check in planted.checks.items() if check["severity"] == "critical"}
    expected = {number: name for name, rows in PLANTED.items() if name in critical for number in rows}
    quarantined = pq.read_table(planted.folder / "verdict" / "quarantine.parquet").to_pylist()
    assert [row["row_id"] for row in quarantined] == [planted.ids[number] for number in sorted(expected)]
    assert [expected[number] in row["reasons"] for number, row in zip(sorted(expected), quarantined, strict=True)]
    accepted = [row["row_id"] for row in row_files.read(planted.folder / "accepted")]
    assert accepted == [row_id for number, row_id in enumerate(planted.ids) if number not in expected]


def test_facts_hold_what_the_checks_judged(planted):
    facts = pq.read_table(planted.folder / "verdict" / "facts.parquet").to_pylist()
    assert len(facts) == ROWS + len(BENCHMARK)
    clean = facts[300]
    assert (clean["parsed_answer"], clean["gold_score"], clean["wrong_score"]) == ("ring", 1.0, 0.0)
    assert (clean["picture_tokens"], clean["excess_tokens"]) == (20, 0)  # 128 x 112 px become 140 x 112
    assert (clean["boxes"], clean["box_fault"], clean["options"], clean["option_index"]) == (1, "", 4, 0)
    assert (clean["licence"], len(clean["file_digests"]), len(clean["picture_hashes"])) == ("", 1, 1)
    assert facts[100]["box_fault"] == "x1 = 30 is not less than x2 = 4 (pixels)"
    assert facts[101]["box_fault"] == "x = 4 to 190 lies outside 0 to 128 (pixels)"
    assert facts[7]["picture_hashes"] == [None]
    assert facts[71]["excess_tokens"] > 0
    assert facts[40]["pixel_digest"] == facts[41]["pixel_digest"]
    assert facts[40]["file_digests"] != facts[41]["file_digests"]


def test_clean_rows_raise_nothing(tmp_path):
    out = run(tmp_path, [raw(number) for number in range(ROWS)], BENCHMARK[3:])
    assert out.error is None
    assert {name: check["row_ids"] for name, check in out.checks.items() if check["failed"]} == {}
    assert out.verdict["rows_out"] == ROWS
    judged = {name for name, check in out.checks.items() if check["judged"]}
    assert judged >= {
        "answer_balance",
        "option_letters",
        "span_order",
        "boxes_true",
        "prompt_length",
        "licence_allowed",
    }
