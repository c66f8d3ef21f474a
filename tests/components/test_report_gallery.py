"""Training rows in the report: the same row at three steps, with what every reward gave."""

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from report_run import HOSTILE, make_run

from rlvr.errors import RlvrError
from rlvr.report.page import build
from rlvr.report.rollout_gallery import rollout_gallery
from rlvr.report.rows_by_id import rows_by_id


def rollouts(path: Path, lines: list[tuple[int, str, str, bool]], **columns: Any) -> Path:
    table = [
        {"step": step, "row_id": row, "completion": text, "reward": float(right), "correct": right, **columns}
        for step, row, text, right in lines
    ]
    pq.write_table(pa.Table.from_pylist(table), path, row_group_size=3)
    return path


def test_rows_are_the_first_by_id_among_those_that_came_up_most(tmp_path: Path) -> None:
    lines = [
        (step, row, f"{row}{step}", False)
        for row, steps in {"a": 1, "b": 2, "d": 9, "c": 3}.items()
        for step in range(steps)
    ]
    cards = rollout_gallery(rollouts(tmp_path / "r.parquet", lines), None, wanted=3)
    assert [card["row_id"] for card in cards] == ["c", "d", "b"]
    assert [[reply["step"] for reply in card["replies"]] for card in cards] == [[0, 1, 2], [0, 4, 8], [0, 1]]
    assert [reply["text"] for reply in cards[1]["replies"]] == ["d0", "d4", "d8"]
    assert not cards[0]["found"] and cards[0]["pictures"] == []


def test_a_reply_shows_its_components_and_its_group(tmp_path: Path) -> None:
    lines = [(1, "a", "first", False), (1, "a", "second", True), (1, "b", "other", True)]
    path = rollouts(tmp_path / "r.parquet", lines, rewards='{"b.two": NaN, "a.one": 0.5}')
    (reply,) = rollout_gallery(path, None, wanted=1)[0]["replies"]
    assert reply["text"] == "first" and (reply["right"], reply["group"]) == (1, 2)
    assert list(reply["components"].items()) == [("a.one", 0.5), ("b.two", None)]


@pytest.mark.parametrize("rewards", ["{", "[1]", "7", ""])
def test_components_that_cannot_be_read_are_left_out(tmp_path: Path, rewards: str) -> None:
    path = rollouts(tmp_path / "r.parquet", [(1, "a", "x", True)], rewards=rewards)
    assert rollout_gallery(path, None)[0]["replies"][0]["components"] == {}


def test_missing_columns_are_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"step": [1], "row_id": ["a"]}), tmp_path / "r.parquet")
    with pytest.raises(RlvrError, match="lacks the columns completion, correct, reward"):
        rollout_gallery(tmp_path / "r.parquet", None)


def test_only_wanted_rows_are_read(tmp_path: Path) -> None:
    run = make_run(tmp_path, n=20)
    wanted = set(pq.read_table(run["tests"] / "rows.parquet")["row_id"].to_pylist()[3:5])
    assert {row["row_id"] for row in rows_by_id(run["tests"], wanted)} == wanted
    assert rows_by_id(run["tests"], {"no such row"}) == []
    with pytest.raises(RlvrError, match="holds no rows.parquet"):
        rows_by_id(tmp_path, wanted)


def test_a_reply_of_a_megabyte_is_cut_and_hostile_ones_stay_text(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", n=20)
    lines = [(step, row, HOSTILE + "\x00<b>" * 250_000, True) for row in ("x", "y") for step in (1, 2, 3)]
    rollouts(run["training"] / "grpo" / "rollouts.parquet", lines)
    build(**run, out=tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text()
    assert len(page) < 1_000_000 and "characters left out" in page and HOSTILE not in page and "\x00" not in page
    assert "training rows were not given" in page  # rows x and y are not among those given
    shown = re.findall(r"<article.*?</article>", page, flags=re.DOTALL)[-2:]
    assert all("<b>" not in card and "<script" not in card for card in shown)
