"""Folders that are not a set of row files: saved by the `datasets` library, or in the publisher's own layout."""

import json
from dataclasses import replace

import pyarrow as pa
import pytest

from rlvr.data.load import raw_rows
from rlvr.data.source import Source
from rlvr.errors import RlvrError

SOURCE = Source(name="saved", title="Saved", files="data/train-*.parquet", columns=("problem",), convert=dict)


def save(folder, problems, name="data-00000-of-00001.arrow"):
    """What `Dataset.save_to_disk` writes: an arrow stream, and a state that lists it."""
    folder.mkdir(parents=True)
    table = pa.table({"problem": problems})
    with pa.OSFile(str(folder / name), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)
    (folder / "cache-1.arrow").write_bytes(b"not listed")
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": name}]}))


def problems(folder, source=SOURCE):
    return [row["problem"] for row in raw_rows(replace(source, location=str(folder)), seed=0)]


def test_a_saved_data_set_is_read_in_its_order(tmp_path):
    asked = [f"q{number}" for number in range(70)]
    save(tmp_path / "set", asked)
    assert problems(tmp_path / "set") == asked


def test_of_saved_splits_the_one_that_the_files_name_is_read(tmp_path):
    (tmp_path / "dataset_dict.json").write_text(json.dumps({"splits": ["test", "train"]}))
    save(tmp_path / "train", ["a"])
    save(tmp_path / "test", ["b"])
    assert problems(tmp_path) == ["a"]
    assert problems(tmp_path, replace(SOURCE, files="data/test-*.parquet")) == ["b"]
    with pytest.raises(RlvrError, match="splits test, train"):
        problems(tmp_path, replace(SOURCE, files="**/*.parquet"))


def test_a_damaged_or_different_arrow_file_is_named(tmp_path):
    save(tmp_path / "set", ["a"])
    with pytest.raises(RlvrError, match="column 'solution' is missing"):
        problems(tmp_path / "set", replace(SOURCE, columns=("solution",)))
    (tmp_path / "set" / "data-00000-of-00001.arrow").write_bytes(b"\0" * 50)
    with pytest.raises(RlvrError, match="arrow stream"):
        problems(tmp_path / "set")


def read_notes(folder):
    for path in sorted(folder.glob("notes/*.txt")):
        yield {"problem": path.read_text(), "image": f"notes/{path.stem}.png"}


def test_a_source_may_read_its_own_layout(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("what?")
    (tmp_path / "notes" / "a.png").write_bytes(b"picture")
    source = replace(SOURCE, read=read_notes, columns=("problem", "image"), location=str(tmp_path))
    assert next(raw_rows(source, seed=0)) == {"problem": "what?", "image": {"bytes": b"picture", "path": "notes/a.png"}}
    with pytest.raises(RlvrError, match="there is no folder"):
        next(raw_rows(replace(source, location=str(tmp_path / "none")), seed=0))
