"""Raw rows come from every kind of location in one form, and each thing that can be wrong is said in one paragraph."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rlvr.data import raw_files
from rlvr.data.load import raw_rows
from rlvr.data.source import RawRow, Source
from rlvr.errors import RlvrError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    for index in range(n):
        yield {"image": b"%d-%d" % (seed, index), "problem": f"q{index}", "solution": str(index)}


SOURCE = Source(
    name="items",
    title="Items",
    columns=("image", "problem", "solution"),
    convert=dict,
    synthetic=synthetic,
)

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def write_parquet(path: Path, first: int, count: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = range(first, first + count)
    table = {
        "image": pa.array([{"bytes": b"picture %d" % number, "path": None} for number in numbers], type=IMAGE),
        "problem": [f"q{number}" for number in numbers],
        "solution": [str(number) for number in numbers],
    }
    pq.write_table(pa.table(table), path, row_group_size=4)


def at(location: object, **changes: object) -> Source:
    return replace(SOURCE, location=str(location), **changes)


def solutions(source: Source) -> list[str]:
    return [row["solution"] for row in raw_rows(source, seed=0)]


def message(source: Source) -> str:
    with pytest.raises(RlvrError) as caught:
        list(raw_rows(source, seed=0))
    text = str(caught.value)
    assert "\n" not in text
    assert source.name in text
    return text


def test_synthetic_rows_obey_limit_and_seed():
    source = at("synthetic", limit=2)
    assert [row["image"] for row in raw_rows(source, seed=7)] == [b"7-0", b"7-1"]


def test_parquet_files_are_read_in_sorted_order(tmp_path):
    write_parquet(tmp_path / "data" / "train-1.parquet", first=5, count=3)
    write_parquet(tmp_path / "data" / "train-0.parquet", first=0, count=5)
    write_parquet(tmp_path / "test.parquet", first=90, count=1)
    source = at(tmp_path, files="data/train-*.parquet")
    assert solutions(source) == [str(number) for number in range(8)]
    assert next(raw_rows(source, seed=0))["image"] == {"bytes": b"picture 0", "path": None}
    assert solutions(replace(source, limit=6)) == ["0", "1", "2", "3", "4", "5"]
    assert solutions(replace(source, files="**/*.parquet"))[-1] == "90"


def test_parquet_is_streamed_in_small_batches(tmp_path, monkeypatch):
    """The first row arrives although the file's second row group is destroyed: nothing is read ahead of need."""
    path = tmp_path / "rows.parquet"
    write_parquet(path, first=0, count=8)
    monkeypatch.setattr(raw_files, "BATCH_ROWS", 4)
    start = pq.ParquetFile(path).metadata.row_group(1).column(0).dictionary_page_offset
    content = bytearray(path.read_bytes())
    content[start : start + 40] = b"\xff" * 40
    path.write_bytes(content)
    assert solutions(at(tmp_path, limit=4)) == ["0", "1", "2", "3"]
    assert "rows.parquet" in message(at(tmp_path))


def test_memory_does_not_grow_with_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(raw_files, "BATCH_ROWS", 4)
    megabyte, schema = 2**20, pa.schema([("image", IMAGE), ("problem", pa.string()), ("solution", pa.string())])
    with pq.ParquetWriter(tmp_path / "rows.parquet", schema, compression="none") as writer:
        for number in range(40):
            row = {"image": {"bytes": bytes([number]) * megabyte}, "problem": "p", "solution": str(number)}
            writer.write_table(pa.Table.from_pylist([row], schema=schema))
    before = pa.total_allocated_bytes()
    held = [pa.total_allocated_bytes() - before for _ in raw_rows(at(tmp_path), seed=0)]
    assert len(held) == 40
    assert max(held[-8:]) <= max(held[:8])


@pytest.mark.parametrize("form", ["jsonl", "json"])
def test_json_rows_carry_their_pictures(tmp_path, form):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").write_bytes(b"picture a")
    values = [
        {"image": "pictures/a.png", "problem": "p", "solution": "1", "url": "elsewhere/b.png"},
        {"image": {"bytes": None, "path": "pictures/a.png"}, "problem": "p", "solution": "2"},
        {"image": ["pictures/a.png", "pictures/a.png"], "problem": "p", "solution": "3"},
    ]
    text = json.dumps(values) if form == "json" else "\n".join(map(json.dumps, values)) + "\n"
    (tmp_path / f"rows.{form}").write_text(text)
    found = list(raw_rows(at(tmp_path, files=f"*.{form}"), seed=0))
    picture = {"bytes": b"picture a", "path": "pictures/a.png"}
    assert [row["image"] for row in found] == [picture, picture, [picture, picture]]
    assert found[0]["url"] == "elsewhere/b.png"


@pytest.mark.parametrize("path", ["../secret.png", "/etc/secret.png", "pictures/../../secret.png"])
def test_picture_paths_may_not_leave_the_folder(tmp_path, path):
    folder = tmp_path / "set"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(b"secret")
    (folder / "rows.jsonl").write_text(json.dumps({"image": path, "problem": "p", "solution": "1"}))
    text = message(at(folder, files="*.jsonl"))
    assert repr(path) in text
    assert "outside" in text


def test_missing_picture_is_named(tmp_path):
    (tmp_path / "rows.jsonl").write_text(json.dumps({"image": "a.png", "problem": "p", "solution": "1"}))
    text = message(at(tmp_path, files="*.jsonl"))
    assert "'a.png'" in text
    assert "rows.jsonl" in text


def test_missing_folder(tmp_path):
    assert "no folder" in message(at(tmp_path / "absent"))


def test_no_matching_file(tmp_path):
    assert "is empty" in message(at(tmp_path))
    write_parquet(tmp_path / "train.parquet", first=0, count=1)
    text = message(at(tmp_path, files="test-*.parquet"))
    assert "'test-*.parquet'" in text
    assert "train.parquet" in text


def test_unreadable_parquet(tmp_path):
    (tmp_path / "half.parquet").write_bytes(b"PAR1 and then nothing")
    text = message(at(tmp_path))
    assert "half.parquet" in text
    assert "fetch it again" in text


def test_missing_column_names_the_nearest(tmp_path):
    pq.write_table(pa.table({"image": ["x"], "problems": ["p"], "answer": ["1"]}), tmp_path / "rows.parquet")
    text = message(at(tmp_path))
    for part in ("'problem'", "rows.parquet", "image, problems, answer", "nearest name is 'problems'", "--columns"):
        assert part in text


def test_json_defects_name_the_line(tmp_path):
    path = tmp_path / "rows.jsonl"
    good = json.dumps({"image": "x", "problem": "p", "solution": "1"})
    for defect, part in (("{", "not JSON"), ("[]", "not a JSON object"), ('{"image": "x"}', "'problem' is missing")):
        path.write_text(f"{good}\n\n{defect}\n")
        text = message(at(tmp_path, files="*.jsonl"))
        assert part in text
        assert "line 3" in text
    (tmp_path / "rows.json").write_text("{}")
    assert "list of objects" in message(at(tmp_path, files="*.json"))


def test_empty_data_set(tmp_path):
    write_parquet(tmp_path / "rows.parquet", first=0, count=0)
    assert "holds no rows" in message(at(tmp_path))
    assert "holds no rows" in message(at("synthetic", synthetic=lambda n, seed: iter(()), limit=1))


def test_locations_that_cannot_be_read():
    assert "set `limit`" in message(at("synthetic"))
    assert "cannot make synthetic rows" in message(at("synthetic", synthetic=None, limit=1))
    assert "at least one row" in message(at("synthetic", limit=0))
    assert "is none of" in message(at("gs://bucket/prefix"))


@pytest.mark.parametrize("revision", [None, "main", "0123abc", COMMIT.upper()])
def test_hub_reads_need_a_commit(revision):
    assert "hub:me/items@<40-hex commit>" in message(at("hub", hub_id="me/items", revision=revision))
    suffix = f"@{revision}" if revision else ""
    assert "hub:me/items@<40-hex commit>" in message(at(f"hub:me/items{suffix}", revision=COMMIT))


def test_hub_location_without_data_set():
    assert "names no data set" in message(at("hub", revision=COMMIT))


def test_csv_rows_with_pictures_and_columns_of_other_names(tmp_path):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures/a.png").write_bytes(b"picture")
    (tmp_path / "mine.csv").write_text(
        '\ufeffpicture,question,answer\npictures/a.png,"How many, in all?",3\n', encoding="utf-8"
    )
    source = at(tmp_path, files="*.csv", rename={"image": "picture", "problem": "question", "solution": "answer"})
    (row,) = raw_rows(source, seed=0)
    assert row["image"] == {"bytes": b"picture", "path": "pictures/a.png"}
    assert (row["problem"], row["solution"]) == ("How many, in all?", "3")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("image,problem,answer\na.png,q,3\n", "'solution' is missing"),
        ("image,problem,solution\na.png,q\n", "line 2 has another number of fields"),
        ("image,problem,solution\na.png,q,3,4\n", "line 2 has another number of fields"),
        ('image,problem,solution\na.png,"q,3\n', "cannot be read as CSV"),
        ("", "'image' is missing"),
    ],
)
def test_what_is_wrong_with_a_csv_file(text, part, tmp_path):
    (tmp_path / "mine.csv").write_text(text)
    (tmp_path / "a.png").write_bytes(b"picture")
    assert part in message(at(tmp_path, files="*.csv"))
