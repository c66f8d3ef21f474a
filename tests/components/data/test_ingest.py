"""Ingest writes canonical rows and a list of sources; a row that cannot be converted is named."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rlvr.canonical import plain
from rlvr.data import rows
from rlvr.data.ingest import ingest, source_seed
from rlvr.data.source import RawRow, Source
from rlvr.errors import RlvrError


def picture(shade: int, side: int = 32) -> bytes:
    encoded = io.BytesIO()
    Image.new("RGB", (side, side), (shade % 256, 0, 0)).save(encoded, "PNG")
    return encoded.getvalue()


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    for index in range(n):
        yield {"image": {"bytes": picture(seed + index), "path": None}, "problem": f"q{index}", "solution": str(index)}


def convert(raw: RawRow) -> dict[str, Any]:
    return {
        "images": [raw["image"]],
        "prompt": raw["problem"],
        "answer": raw["solution"],
        "answer_kind": "integer",
        "extra": json.dumps({"solution": raw["solution"]}),
    }


def needs_more(raw: RawRow) -> dict[str, Any]:
    return {**convert(raw), "answer": raw["label"] if raw["solution"] == "1" else "0"}


def divides(raw: RawRow) -> dict[str, Any]:
    return {**convert(raw), "answer": str(1 // (1 - int(raw["solution"])))}


def refuses(raw: RawRow) -> dict[str, Any]:
    raise RlvrError("column 'solution' is '0'; expected a letter.")


def numeric_answer(raw: RawRow) -> dict[str, Any]:
    return {**convert(raw), "answer": 5}


def no_prompt(raw: RawRow) -> dict[str, Any]:
    return {**convert(raw), "prompt": None}


def unknown_field(raw: RawRow) -> dict[str, Any]:
    return {**convert(raw), "label": "5"}


def lost_picture(raw: RawRow) -> dict[str, Any]:
    return {**convert(raw), "images": ["pictures/a.png"]}


SOURCE = Source(
    name="items_train",
    title="Items",
    hub_id="me/items",
    licence="CC0-1.0",
    published_rows=100,
    convert=convert,
    synthetic=synthetic,
    location="synthetic",
    limit=3,
)


def run(out: Path, *pairs: tuple[str, Source], seed: int = 0) -> list[rows.Row]:
    ingest(sources=[{"task": task, "source": plain(source)} for task, source in pairs], seed=seed, out=out)
    return rows.read(out)


def test_rows_of_all_tasks_in_order(tmp_path):
    other = replace(SOURCE, name="items_hard", title="Hard items", limit=2)
    found = run(tmp_path, ("counting", SOURCE), ("hard", other))
    assert [(row["task"], row["source"], row["prompt"]) for row in found] == [
        ("counting", "items_train", "q0"),
        ("counting", "items_train", "q1"),
        ("counting", "items_train", "q2"),
        ("hard", "items_hard", "q0"),
        ("hard", "items_hard", "q1"),
    ]
    assert all(row["row_id"] == rows.row_id(row) for row in found)
    assert Image.open(io.BytesIO(found[0]["images"][0])).size == (32, 32)

    listing = json.loads((tmp_path / "sources.json").read_text())
    assert listing[1] == {
        "task": "hard",
        "name": "items_hard",
        "title": "Hard items",
        "location": "synthetic",
        "hub_id": "me/items",
        "revision": None,
        "licence": "CC0-1.0",
        "published_rows": 100,
        "limit": 2,
        "rows": 2,
        "skipped": 0,
        "files": [],
        "pictures": None,
        "not_compared": None,
    }


def test_same_seed_same_bytes(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run(tmp_path / name, ("counting", SOURCE), seed=seed)
    first, same, other = ((tmp_path / name / rows.FILE).read_bytes() for name in "abc")
    assert first == same
    assert first != other
    assert (tmp_path / "a" / "sources.json").read_bytes() == (tmp_path / "b" / "sources.json").read_bytes()


def test_sources_have_seeds_of_their_own():
    assert source_seed(0, "items_train") == source_seed(0, "items_train") < 2**32
    assert len({source_seed(seed, name) for seed in (0, 1) for name in ("items_train", "items_hard")}) == 4


@pytest.mark.parametrize(
    ("conversion", "parts"),
    [
        (needs_more, ["row 2", "'label'", "image, problem, solution"]),
        (divides, ["row 2", "ZeroDivisionError", "solution='1'"]),
        (refuses, ["row 1", "expected a letter"]),
        (numeric_answer, ["row 1", "'answer' is 5", "expected string"]),
        (no_prompt, ["row 1", "'prompt' is missing"]),
        (unknown_field, ["row 1", "'label'", "'extra'"]),
        (lost_picture, ["row 1", "'images'", "'pictures/a.png'", "encoded bytes"]),
    ],
)
def test_bad_rows_are_named(tmp_path, conversion: Callable[[RawRow], dict[str, Any]], parts):
    with pytest.raises(RlvrError) as caught:
        run(tmp_path, ("counting", replace(SOURCE, convert=conversion)))
    text = str(caught.value)
    assert "\n" not in text
    for part in ["items_train", *parts]:
        assert part in text
    assert not (tmp_path / rows.FILE).exists()


def test_no_source(tmp_path):
    with pytest.raises(RlvrError, match="no source"):
        ingest(sources=[], seed=0, out=tmp_path)


def odd(raw: RawRow) -> bool:
    return int(raw["solution"]) % 2 == 1


def test_rows_that_the_publication_leaves_out_are_skipped_and_counted(tmp_path: Path) -> None:
    source = Source(name="even", title="Even", convert=convert, synthetic=synthetic, location="synthetic", limit=5)
    ingest(sources=[{"task": "t", "source": plain(replace(source, skip=odd))}], seed=0, out=tmp_path)
    assert [row["answer"] for row in rows.read(tmp_path)] == ["0", "2", "4"]
    (listed,) = json.loads((tmp_path / "sources.json").read_text())
    assert (listed["rows"], listed["skipped"]) == (3, 2)
