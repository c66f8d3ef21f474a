"""Ingest writes down which files it read, and compares them with what the Hub states at the pinned commit."""

import hashlib
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rlvr.canonical import plain
from rlvr.data.checks import judge
from rlvr.data.ingest import ingest
from rlvr.data.source import Source
from rlvr.data.source_facts import licence_id, source_facts
from rlvr.data.suites import suites
from stand_in_hub import COMMIT, served


def convert(raw):
    return {"images": [raw["image"]], "prompt": raw["question"], "answer": raw["answer"], "answer_kind": "text"}


SOURCE = Source(
    name="items",
    title="Items",
    files="data/*.jsonl",
    licence="MIT",
    published_rows=2,
    columns=("image", "question", "answer"),
    convert=convert,
)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "raw" / "data"
    place.mkdir(parents=True)
    for number in (0, 1):
        (place / f"{number}.png").write_bytes(b"picture %d" % number)
        row = {"image": f"{number}.png", "question": "q", "answer": str(number)}
        (place / f"part{number}.jsonl").write_text(json.dumps(row) + "\n")
    (place / "other.txt").write_text("not read")
    return tmp_path / "raw"


def listed(out, location, **changes):
    source = plain(SOURCE) | {"location": str(location)} | changes
    ingest(sources=[{"task": "t", "source": source}], seed=0, out=out)
    (entry,) = json.loads((out / "sources.json").read_text())
    return entry


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_files_of_a_folder_are_listed_and_pictures_told_together(folder, tmp_path):
    entry = listed(tmp_path / "out", folder)
    parts = [folder / "data" / name for name in ("part0.jsonl", "part1.jsonl")]
    assert entry["files"] == [
        {
            "path": f"data/{part.name}",
            "bytes": part.stat().st_size,
            "sha256": sha256(part),
            "published": None,
            "as_published": None,
        }
        for part in parts
    ]
    lines = "".join(f"{sha256(folder / 'data' / name)}  data/{name}\n" for name in ("0.png", "1.png"))
    whole = hashlib.sha256(lines.encode()).hexdigest()
    assert entry["pictures"] == {"files": 2, "bytes": 18, "sha256": whole}
    (folder / "data" / "1.png").write_bytes(b"picture X")
    assert listed(tmp_path / "again", folder)["pictures"]["sha256"] != whole


def test_only_files_that_are_read_are_listed(folder, tmp_path):
    entry = listed(tmp_path / "out", folder, limit=1)
    assert [file["path"] for file in entry["files"]] == ["data/part0.jsonl"]


def differing(entry):
    found = {finding.check.name: finding for finding in judge(source_facts([entry]), suites()["sources"])}
    return found["file_digests"].judged, found["file_digests"].row_ids, found["commit_pinned"].row_ids


@pytest.fixture
def contents(folder):
    """The folder's files as a Hub has them; the parquet file is a large one."""
    rows = pa.table({"image": ["0.png"], "question": ["q"], "answer": ["2"]})
    pq.write_table(rows, folder / "data" / "part2.parquet")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_from_the_hub_are_compared_with_its_digests(contents, tmp_path, monkeypatch):
    location, files = f"hub:me/items@{COMMIT}", "data/*"
    with served(contents, tmp_path / "cache", monkeypatch):
        entry = listed(tmp_path / "a", location, files=files)
    assert [(file["path"], file["published"].partition(":")[0], file["as_published"]) for file in entry["files"]] == [
        ("data/part0.jsonl", "git", True),
        ("data/part1.jsonl", "git", True),
        ("data/part2.parquet", "sha256", True),
    ]
    assert (entry["revision"], entry["not_compared"], differing(entry)) == (COMMIT, None, (1, (), ()))

    other = {"data/part2.parquet": b"another", "data/part1.jsonl": b"another", "data/0.png": b"another"}
    with served(contents, tmp_path / "cache", monkeypatch, stated=other):
        entry = listed(tmp_path / "b", location, files=files)
    wrong = [file["path"] for file in entry["files"] if file["as_published"] is False]
    assert wrong == ["data/part1.jsonl", "data/part2.parquet", "data/0.png"]
    assert differing(entry) == (1, ("items",), ())


def test_a_hub_that_does_not_say_leaves_files_unjudged_and_the_reason(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("rlvr.hub.fetch_snapshot", lambda *arguments: folder)  # files that were fetched before
    with served({}, tmp_path / "cache", monkeypatch):
        entry = listed(tmp_path / "a", f"hub:me/gated@{COMMIT}")
    assert [file["published"] for file in entry["files"]] == [None, None]
    assert differing(entry) == (0, (), ())
    assert "me/gated at commit 0123456789abcdef0123456789abcdef01234567 is gated; accept" in entry["not_compared"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Apache-2.0 (by a third party's scan)", "Apache-2.0"),
        ("apache-2.0 (the pictures' own terms apply)", "Apache-2.0"),
        ("Apache-2.0 on the Hub (the code's README says CC BY-NC 4.0)", "non-commercial"),
        ("not stated (CLEVR-CoGenT pictures: CC BY 4.0)", "unknown"),
        ("not published; the user's own rows", "unknown"),
        ("CC BY-SA 4.0", "CC-BY-SA-4.0"),
        ("CC BY 4.0 (annotations)", "CC-BY-4.0"),
        ("CC BY-NC-SA 4.0 (not verified)", "non-commercial"),
        ("MIT", "MIT"),
        ("openrail", "OpenRAIL"),
        ("other (Hub card)", "other"),
        (" ", None),
    ],
)
def test_licences_have_one_name(text, expected):
    assert licence_id(text) == expected
