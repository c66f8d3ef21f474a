"""Sizes of parts, turns between processes, and the bar of large transfers."""

import io
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rlvr.store.limits import Limits
from rlvr.store.meter import LARGE_BYTES, meter
from rlvr.store.s3_download import pieces
from rlvr.store.turn import one_at_a_time, remove_unused

MIB = 1 << 20


@pytest.mark.parametrize(
    ("size", "part"), [(0, 16), (1, 16), (160_000 * MIB, 16), (160_001 * MIB, 17), (5 << 40, 525), (50 << 40, 5243)]
)
def test_an_upload_has_at_most_ten_thousand_parts(size: int, part: int) -> None:
    part_bytes = Limits().part_bytes_of(size)
    assert part_bytes == part * MIB
    assert -(-size // part_bytes) <= 10_000


@pytest.mark.parametrize(("size", "start"), [(0, 0), (1, 0), (10, 0), (10, 3), (12, 8), (11, 10)])
def test_pieces_cover_an_object_from_where_it_was_left(size: int, start: int) -> None:
    found = list(pieces("a", size, start, Limits(part_bytes=4)))
    covered = [offset for piece in found for offset in range(piece.start, piece.start + piece.length)]
    assert covered == list(range(start, size))
    assert [piece.is_last for piece in found] == [False] * (len(found) - 1) + [True]
    assert max(piece.length for piece in found) <= 4


def test_one_at_a_time(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        with one_at_a_time(tmp_path / "a.lock"):
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(200)))
    assert most == [1] * 200
    assert list(tmp_path.iterdir()) == []


def test_the_turn_of_a_dead_process_is_over(tmp_path: Path) -> None:
    lock = tmp_path / "a.lock"
    code = "import os, sys; from pathlib import Path; from rlvr.store.turn import one_at_a_time\n"
    code += "with one_at_a_time(Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", code, str(lock)]).returncode == -9
    assert lock.exists()
    with one_at_a_time(lock):
        remove_unused(lock)
        assert lock.exists()
    assert not lock.exists()


def test_a_lock_that_nobody_holds_is_removed(tmp_path: Path) -> None:
    (tmp_path / "a.lock").touch()
    remove_unused(tmp_path / "a.lock")
    remove_unused(tmp_path / "a.lock")
    assert list(tmp_path.iterdir()) == []


class Terminal(io.StringIO):
    """A standard error that somebody looks at."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("size", "stream", "watched", "drawn"),
    [
        (LARGE_BYTES, Terminal(), False, True),
        (LARGE_BYTES - 1, Terminal(), False, False),
        (LARGE_BYTES, io.StringIO(), False, False),
        (LARGE_BYTES, Terminal(), True, False),
    ],
)
def test_a_bar_is_drawn_for_those_who_wait(
    size: int, stream: io.StringIO, watched: bool, drawn: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("RLVR_PROGRESS", raising=False)
    if watched:
        monkeypatch.setenv("RLVR_PROGRESS", os.fspath(tmp_path / "progress.jsonl"))
    with meter("download 0123", size) as told:
        told(size // 2)
        told(size - size // 2)
    assert ("download 0123" in stream.getvalue()) is drawn
