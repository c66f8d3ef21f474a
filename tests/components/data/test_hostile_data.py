"""Data that would break a careless reader: each piece is refused by name or measured in bounded time and memory."""

import json
import resource
import struct
import time
import zlib
from dataclasses import replace

import pytest

from rlvr.canonical import plain
from rlvr.data import json_rows, question_text
from rlvr.data import rows as row_files
from rlvr.data.checks import judge
from rlvr.data.facts import facts
from rlvr.data.ingest import ingest
from rlvr.data.picture_facts import picture_facts
from rlvr.data.source import Source
from rlvr.data.suites import suites
from rlvr.errors import RlvrError
from rlvr.method import Reward, Task
from rlvr.prompts import Prompt
from rlvr.rewards import math_accuracy


def convert(raw):
    answer = raw["answer"]
    extra = json.dumps({"solution": f"<answer> {answer} </answer>"})
    return {"images": [], "prompt": raw["question"], "answer": answer, "answer_kind": "math", "extra": extra}


SOURCE = Source(name="sums", title="Sums", files="*.json*", columns=("question", "answer"), convert=convert)
REWARD = Reward(function=math_accuracy.accuracy)
TASK = Task(name="sums", source=SOURCE, prompt=Prompt(template="{question}"), rewards=(REWARD,))


def ingested(folder, **files):
    (folder / "raw").mkdir()
    for name, content in files.items():
        (folder / "raw" / name.replace("_", ".")).write_bytes(content)
    source = replace(SOURCE, location=str(folder / "raw"))
    ingest(sources=[{"task": "sums", "source": plain(source)}], seed=0, out=folder / "rows")
    return folder / "rows"


def refused(folder, **files):
    with pytest.raises(RlvrError) as caught:
        ingested(folder, **files)
    assert "sums" in str(caught.value)
    return str(caught.value)


def test_a_list_of_a_hundred_megabytes_is_read_row_by_row(tmp_path):
    row = json.dumps({"question": "1 + 1? " + "x" * 200_000, "answer": "2"}).encode()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    folder = ingested(tmp_path, rows_json=b"[" + b",\n".join([row] * 500) + b"]")
    grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    assert len([0 for _ in row_files.stream(folder, batch=1)]) == 500
    assert grown < 400 * 2**20  # the bytes of the file, held by this test, are 100 of them twice


@pytest.mark.parametrize("name", ["rows_json", "rows_jsonl"])
def test_a_row_above_the_limit_is_refused_by_its_number(tmp_path, monkeypatch, name):
    monkeypatch.setattr(json_rows, "MAX_ITEM_CHARACTERS", 5000)
    monkeypatch.setattr(json_rows, "CHUNK_CHARACTERS", 1000)
    good, long = ({"question": "x" * length, "answer": "2"} for length in (4000, 9000))
    rows = [good, good, long]
    text = json.dumps(rows) if name == "rows_json" else "\n".join(map(json.dumps, rows))
    assert " 3 is longer than the 5000" in refused(tmp_path, **{name: text.encode()})


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[" * 100_000, "nested too deeply"),
        ('[{"question": "q", "answer": "1"}', "expected a comma or the list's end"),
        ('[{"question": "q", "answer": "1"},]', "item 2 is not JSON"),
        ('[{"question": "q", "answer": "1"} {}]', "item 1 is followed by '{'"),
        ('[{"question": "q", "answer": "1"}] []', "followed by '['"),
        ('{"question": "q"}', "must hold a list"),
        ("", "must hold a list"),
        ('[{"question": "q", "answer": "\\ud800"}]', "row 1"),
        ('[{"question": "q", "answer": 1e999}]', "row 1"),
    ],
)
def test_broken_json_is_refused_in_one_paragraph(tmp_path, text, part):
    message = refused(tmp_path, rows_json=text.encode())
    assert part in message
    assert "\n" not in message


def test_items_are_found_wherever_the_parts_end(tmp_path, monkeypatch):
    monkeypatch.setattr(json_rows, "CHUNK_CHARACTERS", 3)
    items = [{"text": 'a, ] [ " \\'}, {}, {"number": 12}, {"list": [[], {}]}]
    path = tmp_path / "rows.json"
    for text in (json.dumps(items), json.dumps(items, indent=3), "\ufeff" + json.dumps(items) + "\n\n"):
        path.write_text(text)
        assert list(json_rows.json_items(path)) == list(enumerate(items, start=1))
    path.write_text("[ ]")
    assert list(json_rows.json_items(path)) == []


def test_nul_bytes(tmp_path):
    rows = [{"question": "1 + 1?\0", "answer": "2"}, {"question": "1 + 2?", "answer": "3"}]
    folder = ingested(tmp_path, rows_json=json.dumps(rows).encode())
    table = facts(folder, [TASK])
    assert table["control_characters"].to_pylist() == ["U+0000", ""]
    assert table["gold_score"].to_pylist() == [1.0, 1.0]


def test_a_path_with_a_nul_byte_is_refused(tmp_path):
    message = refused(tmp_path, rows_json=json.dumps([{"question": "a\0b.png", "answer": "2"}]).encode())
    assert "cannot be read beside the file" in message


def bomb(width=40_000, height=40_000):
    """A PNG of a few hundred bytes that claims a billion pixels."""
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(b"")))
    chunks = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("size", [(40_000, 40_000), (10_000, 9_000)])
def test_a_decompression_bomb_is_refused_by_its_header(size):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = picture_facts(bomb(*size))
    assert found.size_px is None
    assert found.error.startswith("DecompressionBombError: ")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes; the pixels need gigabytes
    assert row_files.pixel_digest(bomb(*size)).hex() == found.pixel_digest


BOMBS = (
    "(" * 20_000,
    r"\frac{" * 5_000,
    "9" * 20_000,
    "9**9**9**9",
    "<answer>" * 5_000,
    r"\boxed{" * 5_000,
    "1," * 20_000,
    "-" * 20_000 + "x",
    " " * 50_000 + "x",
    "a" * 1_000_000,
)


def test_answers_that_are_bombs_cost_bounded_time_and_hurt_no_neighbour(tmp_path):
    rows = [{"question": f"{number}?", "answer": answer} for number, answer in enumerate((*BOMBS, "2", r"\frac{1}{2}"))]
    folder = ingested(tmp_path, rows_jsonl="\n".join(map(json.dumps, rows)).encode())
    start = time.process_time()
    table = facts(folder, [TASK])
    assert time.process_time() - start < 30
    assert table.num_rows == len(rows)
    assert table["gold_score"].to_pylist()[-2:] == [1.0, 1.0]
    assert table["parsed_answer"].to_pylist()[-2:] == ["2", "1/2"]
    assert "1000000 characters is not asked about" in table["error"][len(BOMBS) - 1].as_py()
    failing = {finding.check.name: finding.positions for finding in judge(table, suites()["rows"])}
    assert len(BOMBS) - 1 in failing["gold_scores_1"]


@pytest.mark.parametrize("piece", ["Ã", "Ã©", "<|a", "<image", "\\", "小", "a ", "\u202e", "a1"])
def test_searches_of_texts_are_linear(piece):
    text = piece * (1_000_000 // len(piece))
    start = time.process_time()
    question_text.mojibake(text)
    question_text.control_characters(text)
    question_text.mixed_scripts(text, text)
    question_text.placeholders(text)
    question_text.normal(text)
    assert time.process_time() - start < 5
