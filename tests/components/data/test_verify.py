"""The verify gate on rows with planted defects: each is caught by name and by row, and clean rows raise nothing."""

import io
import json
import random
import re
import struct
import zlib
from pathlib import Path
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest
from PIL import Image

from rlvr.canonical import plain
from rlvr.data import rows as row_files
from rlvr.data.checks import judge
from rlvr.data.facts import facts
from rlvr.data.source import Source
from rlvr.data.source_facts import source_facts
from rlvr.data.suites import suites
from rlvr.data.verify import verify
from rlvr.errors import RlvrError
from rlvr.method import Judge, Reward, Task
from rlvr.prompts import Prompt


def accuracy(completions, answer, **columns):
    """Exact match; cannot read roots, pays any letter for gold letter Z, half a point for wrong colours."""
    scores = []
    for text, gold in zip(completions, answer, strict=True):
        span = re.search(r"<answer>(.*?)</answer>", text)
        right = span is not None and span[1] == gold
        wrong = 1.0 if gold == "Z" else 0.5 if gold == "red" else 0.0
        scores.append(None if "sqrt" in gold else 1.0 if right else wrong)
    return scores


def form(completions, **columns):
    return [float(text.startswith("<think>")) for text in completions]


def as_it_is(raw):
    return dict(raw)


SOURCE = Source(name="items_train", title="Items", convert=as_it_is)
TASK = Task(
    name="counting",
    source=SOURCE,
    prompt=Prompt(template="{question}"),
    rewards=(Reward(function=accuracy), Reward(function=form)),
)


def picture(seed: int, size: tuple[int, int] = (40, 36), kind: str = "PNG") -> bytes:
    encoded = io.BytesIO()
    Image.frombytes("RGB", size, random.Random(seed).randbytes(size[0] * size[1] * 3)).save(encoded, kind)
    return encoded.getvalue()


def bomb() -> bytes:
    """A PNG that claims a billion pixels."""
    parts = ((b"IHDR", struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(b"")))
    chunks = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def row(seed: int, **changes):
    made = {
        "task": "counting",
        "source": "items_train",
        "images": [picture(seed)],
        "prompt": "How many items are there?",
        "answer": str(seed % 9 + 1),
        "answer_kind": "integer",
        **changes,
    }
    return {"row_id": row_files.row_id(made), **made}


def described(name: str, **changes):
    listed = {"name": name, "title": name, "task": "counting", "location": "synthetic", "hub_id": None, "rows": 1}
    return {**listed, "revision": None, "licence": "CC0-1.0", "published_rows": None, "limit": None, **changes}


def data_set(folder: Path, made, **source) -> Path:
    row_files.write(made, folder)
    (folder / "sources.json").write_text(json.dumps([described(folder.name, **source)]))
    return folder


def run(folder: Path, train, tests, tasks=(TASK,), **settings) -> SimpleNamespace:
    """The gate's outcome: its verdict, the checks by name, and the error when it failed."""
    rows, test_rows = data_set(folder / "train_rows", train), data_set(folder / "test_rows", tests)
    out = SimpleNamespace(rows=folder / "rows", verdict_folder=folder / "verdict", error=None)
    try:
        verify(
            tasks=[plain(task) for task in tasks],
            rows=rows,
            tests=test_rows,
            out_rows=out.rows,
            out_verdict=out.verdict_folder,
            **settings,
        )
    except RlvrError as error:
        out.error = str(error)
    out.verdict = json.loads((out.verdict_folder / "verdict.json").read_text())
    out.checks = {check["name"]: check for check in out.verdict["checks"]}
    return out


CLEAN = [row(seed) for seed in range(20)]

DEFECTS = {
    "decodable": [
        row(100, images=[picture(100, kind="JPEG")[:-600]]),
        row(101, images=[b"not a picture"]),
        row(102, images=[bomb()]),
        row(103, images=[picture(103), picture(104)[:-200]]),
    ],
    "min_side": [row(110, images=[picture(110, size=(20, 40))])],
    "aspect_ratio": [row(115, images=[picture(115, size=(28 * 201, 28))])],
    "unique": [row(3)],
    "no_conflicting_answers": [
        row(120, answer="4", prompt="How many?"),
        row(120, answer="5", prompt="how  many?", images=[picture(120, kind="BMP")]),
    ],
    "prompt_not_empty": [row(130, prompt=" \n")],
    "answer_not_empty": [row(135, answer="")],
    "no_placeholder": [
        row(140, prompt="<image>How many items are there?"),
        row(141, prompt="How many?<|im_end|>"),
        row(142, prompt="<|image_pad|> How many?"),
    ],
    "gold_scores_1": [row(150, answer=r"\sqrt{3}")],
    "wrong_scores_less": [row(160, answer="Z")],
    "fields_present": [row(165, answer_kind="")],
    "in_benchmark": [row(170, prompt="How many items ARE there?", images=[picture(170, kind="BMP")])],
}
"""Check -> rows that fail it."""

TESTS = [
    row(170, task="superclevr"),
    row(0, task="superclevr", prompt="Another question on a training picture?"),
    row(171, task="geoqa"),
    row(172, task="geoqa", images=[picture(172, size=(20, 20))]),
]


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """The gate's outcome on clean rows with all defects among them."""
    bad = [defect for defects in DEFECTS.values() for defect in defects]
    soft = row(180, answer="red")
    train = [*CLEAN[:10], *bad, *CLEAN[10:], soft]
    out = run(tmp_path_factory.mktemp("planted"), train, TESTS, max_quarantined_fraction=0.6)
    out.train, out.bad, out.soft = train, bad, soft
    return out


def ids(rows):
    return [row["row_id"] for row in rows]


@pytest.mark.parametrize("name", DEFECTS)
def test_planted_defects_are_caught_by_name_and_row(planted, name):
    check = planted.checks[name]
    assert check["failed"] == len(check["row_ids"])
    assert check["severity"] == "critical"
    assert check["why"]
    # No row is blamed for another's defect, nor for a second one of its own.
    assert sorted(check["row_ids"]) == sorted(ids(DEFECTS[name]))


def test_quarantine_holds_the_rows_and_their_reasons(planted):
    table = pq.read_table(planted.verdict_folder / "quarantine.parquet")
    assert table.schema.names == [*row_files.SCHEMA.names, "reasons"]
    found = table.to_pylist()
    assert ids(found) == ids(planted.bad)
    for quarantined in found:
        named = {name for name, rows in DEFECTS.items() if quarantined["row_id"] in ids(rows)}
        assert set(quarantined["reasons"]) == named


def test_the_other_rows_stay_in_order(planted):
    assert planted.error is None
    assert ids(row_files.read(planted.rows)) == [*ids(CLEAN), planted.soft["row_id"]]
    verdict = planted.verdict
    assert {"passed", "rows_in", "rows_out", "test_rows", "checks", "sources", "overlap"} <= set(verdict)
    assert {"name", "title", "severity", "failed", "row_ids", "why", "about", "judged"} <= set(verdict["checks"][0])
    assert (verdict["passed"], verdict["rows_in"], verdict["rows_out"]) == (True, len(planted.train), 21)
    assert [source["name"] for source in verdict["sources"]] == ["train_rows", "test_rows"]


def test_partial_credit_is_a_warning(planted):
    check = planted.checks["wrong_scores_0"]
    assert check["severity"] == "warning"
    assert check["row_ids"] == ids(DEFECTS["wrong_scores_less"]) + [planted.soft["row_id"]]


def test_benchmarks_are_compared_and_never_dropped(planted):
    assert planted.verdict["test_rows"] == 4
    counts = ("benchmark", "rows", "shared_pictures", "test_rows", "image_overlap")
    assert [tuple(overlap[name] for name in counts) for overlap in planted.verdict["overlap"]] == [
        ("geoqa", 0, 0, 2, 0),
        ("superclevr", 1, 2, 2, 1),
    ]
    (leak, shared) = planted.verdict["overlap"][1]["pairs"][::-1]
    assert (leak["verdict"], leak["row_id"], leak["found"]) == ("leak", *ids(DEFECTS["in_benchmark"]), "same pixels")
    assert (shared["verdict"], shared["row_id"]) == ("image_overlap", CLEAN[0]["row_id"])
    assert planted.checks["picture_in_benchmark"]["row_ids"] == [CLEAN[0]["row_id"]]
    check = planted.checks["test_min_side"]
    assert (check["severity"], check["row_ids"]) == ("warning", [TESTS[3]["row_id"]])
    assert "test_gold_scores_1" not in planted.checks


def test_facts_tell_why(planted):
    table = pq.read_table(planted.verdict_folder / "facts.parquet").to_pylist()
    by_id = {fact["row_id"]: fact for fact in table if fact["part"] == "train"}
    truncated, text, claimed, second = (by_id[name] for name in ids(DEFECTS["decodable"]))
    assert "truncated" in truncated["error"]
    assert text["error"] == "UnidentifiedImageError: not a picture"
    assert "DecompressionBomb" in claimed["error"]
    assert (second["pictures"], second["decodable"], second["width_px"]) == (2, False, 40)
    unread = by_id[DEFECTS["gold_scores_1"][0]["row_id"]]
    assert json.loads(unread["scores"])["test_verify.accuracy"] == [None, None]
    clean = by_id[CLEAN[0]["row_id"]]
    assert (clean["gold_score"], clean["wrong_score"], clean["error"]) == (1.0, 0.0, "")
    assert [fact["gold_score"] for fact in table if fact["part"] == "test"] == [None] * 4


def test_clean_rows_raise_nothing_twice_the_same_bytes(tmp_path, capfd):
    first, second = (run(tmp_path / name, CLEAN, TESTS[2:3]) for name in "ab")
    assert first.error is None
    assert {check["name"]: check["failed"] for check in first.checks.values() if check["failed"]} == {}
    for name in ("verdict.json", "facts.parquet", "quarantine.parquet"):
        assert (first.verdict_folder / name).read_bytes() == (second.verdict_folder / name).read_bytes()
    assert (first.rows / row_files.FILE).read_bytes() == (second.rows / row_files.FILE).read_bytes()
    assert capfd.readouterr() == ("", "")


def test_the_gate_fails_above_the_allowed_fraction(tmp_path):
    small = row(110, images=[picture(110, size=(20, 40))])
    out = run(tmp_path, [*CLEAN[:9], small], TESTS[2:3])
    assert "1 of 10 rows (10.0 %, allowed: 5 %)" in out.error
    assert f"min_side fails for 1 (first: {small['row_id']})" in out.error
    assert out.verdict["passed"] is False
    assert out.verdict["rows_out"] == 9
    assert pq.read_table(out.verdict_folder / "quarantine.parquet").num_rows == 1


def test_the_gate_fails_when_no_row_is_left(tmp_path):
    out = run(tmp_path, [row(0, prompt="")], TESTS[2:3], max_quarantined_fraction=1.0)
    assert "1 of 1 rows" in out.error
    assert row_files.read(out.rows) == []


def task_with(*rewards, name="counting"):
    return Task(name=name, source=SOURCE, prompt=Prompt(template="{question}"), rewards=rewards)


def test_rewards_that_never_judge_fail_every_row(tmp_path):
    folder = data_set(tmp_path, CLEAN[:3])
    assert facts(folder, [task_with(Reward(function=form))])["gold_score"].to_pylist() == [0.0] * 3
    judged = task_with(Reward(function=form), Reward(function=form, judge=Judge(model="m")))
    assert facts(folder, [judged])["gold_score"].to_pylist() == [None] * 3


def test_rows_without_gold_answer_are_not_scored(tmp_path):
    folder = data_set(tmp_path, [row(0, answer="", answer_kind="none"), row(1)])
    table = facts(folder, [TASK])
    assert table["gold_score"].to_pylist() == [None, 1.0]
    assert table["answer_empty"].to_pylist() == [False, False]


def test_one_source_may_serve_two_tasks(tmp_path):
    folder = data_set(tmp_path, [row(0), row(0, task="hard", answer="7")])
    table = facts(folder, [TASK, task_with(*TASK.rewards, name="hard")])
    assert table["duplicate"].to_pylist() == table["conflicting"].to_pylist() == [False, False]


def test_rows_of_an_unknown_task(tmp_path):
    folder = data_set(tmp_path, [row(0, task="hard")])
    with pytest.raises(RlvrError, match="'hard'.*tasks are counting"):
        facts(folder, [TASK])


def test_files_of_another_schema(tmp_path):
    pq.write_table(pq.read_table(data_set(tmp_path, CLEAN[:1]) / row_files.FILE).drop(["answer"]), tmp_path / "x")
    (tmp_path / "x").rename(tmp_path / row_files.FILE)
    with pytest.raises(RlvrError, match="answer is missing"):
        facts(tmp_path)
    (tmp_path / row_files.FILE).unlink()
    with pytest.raises(RlvrError, match="holds no rows.parquet"):
        facts(tmp_path)


def test_row_counts_are_compared_with_the_published_ones():
    whole = {"location": "hub", "published_rows": 100}
    sources = [
        described("good", rows=100, **whole),
        described("changed", rows=99, **whole),
        described("part", rows=8, limit=8, **whole),
        described("offline", rows=8, published_rows=100),
        described("folder", rows=100, **{**whole, "location": "/data/items"}),
        described("unknown", rows=8, location="hub:me/items@0"),
    ]
    finding = judge(source_facts(sources), suites()["sources"])[0]
    assert (finding.check.name, finding.check.severity, finding.row_ids) == ("row_count", "warning", ("changed",))


def test_long_answers_that_begin_alike_are_different_answers(tmp_path):
    long = "a common beginning of more than sixty-four characters, as lists of boxes have it, "
    made = [row(seed, answer=long + str(seed)) for seed in range(3)]
    table = facts(data_set(tmp_path, made))
    assert len(set(table["answer_key"].to_pylist())) == 3
    assert all(len(key) == 64 for key in table["answer_key"].to_pylist())
