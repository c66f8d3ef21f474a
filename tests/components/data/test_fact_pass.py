"""The pass over row groups: side by side or alone it gives the same facts, and an interruption loses nothing."""

import os
import re
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from rlvr.checkpoints import Checkpoints
from rlvr.data import fact_pass, kept_facts
from rlvr.data import rows as row_files
from rlvr.data.facts import facts
from rlvr.data.rows_by_position import RowsByPosition
from rlvr.data.source import Source
from rlvr.errors import RlvrError
from rlvr.method import Reward, Task
from rlvr.prompts import Prompt
from rlvr.store import open_store


def exact(completions, answer, **columns):
    spans = [re.search(r"<answer>(.*?)</answer>", text) for text in completions]
    return [float(bool(span) and span[1] == gold) for span, gold in zip(spans, answer, strict=True)]


def deadly(completions, answer, **columns):
    """Ends its process on one answer, as a decoder that crashes would."""
    if "17" in answer:
        os._exit(9)
    return exact(completions, answer)


def as_it_is(raw):
    return dict(raw)


SOURCE = Source(name="sums_train", title="Sums", convert=as_it_is)
TASK = Task(name="sums", source=SOURCE, prompt=Prompt(template="{question}"), rewards=(Reward(function=exact),))
GROUPS, GROUP_ROWS = 12, 4


@pytest.fixture(autouse=True)
def few_rows_are_worth_a_process(monkeypatch):
    monkeypatch.setattr(fact_pass, "ALONE_ROWS", 0)


@pytest.fixture
def folder(tmp_path):
    rows = []
    for number in range(GROUPS * GROUP_ROWS):
        made = {"task": "sums", "source": "sums_train", "images": [], "prompt": f"{number} + 0?", "answer": str(number)}
        made["answer_kind"] = "integer"
        rows.append({"row_id": row_files.row_id(made), **made})
    row_files.write(rows, tmp_path / "data", most_rows=GROUP_ROWS)
    return tmp_path / "data"


class Stopped(BaseException):
    pass


def stop_after(groups):
    def advance(done, total):
        if done == groups:
            raise Stopped

    return advance


@pytest.fixture
def counted(monkeypatch):
    """Rows that were really measured."""
    seen = []
    measured = fact_pass.measured

    def count(rows, *arguments):
        seen.extend(row["row_id"] for row in rows)
        return measured(rows, *arguments)

    monkeypatch.setattr(fact_pass, "measured", count)
    return seen


def test_several_processes_give_the_facts_of_one(folder, tmp_path):
    alone = facts(folder, [TASK], processes=1)
    assert alone["position"].to_pylist() == list(range(GROUPS * GROUP_ROWS))
    assert alone["gold_score"].to_pylist() == [1.0] * alone.num_rows
    assert facts(folder, [TASK], processes=2, kept=tmp_path / "kept").equals(alone)
    assert facts(folder, [TASK], processes=1, kept=tmp_path / "kept").equals(alone)


def test_an_interrupted_pass_goes_on(folder, tmp_path, counted):
    whole = facts(folder, [TASK], processes=1)
    counted.clear()
    kept = tmp_path / "kept"
    with pytest.raises(Stopped):
        facts(folder, [TASK], processes=1, kept=kept, advance=stop_after(5))
    assert len(counted) == 5 * GROUP_ROWS
    counted.clear()
    assert facts(folder, [TASK], processes=1, kept=kept).equals(whole)
    assert len(counted) == (GROUPS - 5) * GROUP_ROWS


def test_facts_are_kept_for_the_same_rows_and_rewards_alone(folder, tmp_path, counted):
    kept = tmp_path / "kept"
    facts(folder, [TASK], processes=1, kept=kept)
    counted.clear()
    other = replace(TASK, rewards=(Reward(function=exact, weight=2.0),))
    facts(folder, [other], processes=1, kept=kept)
    assert len(counted) == GROUPS * GROUP_ROWS

    rows = row_files.read(folder)
    rows[-1]["prompt"] = "another question?"
    row_files.write(rows, folder, most_rows=GROUP_ROWS)
    counted.clear()
    facts(folder, [other], processes=1, kept=kept)
    assert counted == [row["row_id"] for row in rows[-GROUP_ROWS:]]
    assert len(list(kept.iterdir())) == GROUPS  # what no row group needs any more is gone


def test_a_damaged_file_of_kept_facts_is_measured_again(folder, tmp_path, counted):
    whole = facts(folder, [TASK], processes=1, kept=tmp_path / "kept")
    counted.clear()
    next((tmp_path / "kept").iterdir()).write_bytes(b"PAR1 cut short")
    assert facts(folder, [TASK], processes=1, kept=tmp_path / "kept").equals(whole)
    assert len(counted) == GROUP_ROWS


def test_a_stage_finds_its_facts_in_its_checkpoints(folder, tmp_path, counted, monkeypatch):
    monkeypatch.setattr(kept_facts, "SAVE_SECONDS", 0.0)
    checkpoints = Checkpoints(open_store(str(tmp_path / "store")), "key")
    first = kept_facts.Checkpointed(tmp_path / "first", checkpoints)

    def advance(done, groups):
        first.save_when_due()
        stop_after(5)(done, groups)

    with pytest.raises(Stopped):
        facts(folder, [TASK], processes=1, kept=tmp_path / "first", advance=advance)
    counted.clear()
    kept_facts.Checkpointed(tmp_path / "second", checkpoints)
    facts(folder, [TASK], processes=1, kept=tmp_path / "second")
    assert len(counted) == (GROUPS - 5) * GROUP_ROWS


def test_a_process_that_dies_is_an_error_that_says_where(folder, tmp_path):
    task = replace(TASK, rewards=(Reward(function=deadly),))
    with pytest.raises(RlvrError, match="ended from outside, at or after row group .* run the same again"):
        facts(folder, [task], processes=2, kept=tmp_path / "kept")


def test_rows_by_position(folder):
    rows = RowsByPosition(folder)
    assert [rows[number]["answer"] for number in (0, 17, 47, 3)] == ["0", "17", "47", "3"]
    with pytest.raises(IndexError):
        rows[GROUPS * GROUP_ROWS]
    assert pq.ParquetFile(folder / row_files.FILE).num_row_groups == GROUPS
