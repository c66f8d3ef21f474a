"""Stopping a training stage in good time.

A stage that gets SIGTERM finishes its step, saves a checkpoint and raises `Stopped`; the process that performs the
stage then ends with exit code 75 (EX_TEMPFAIL of sysexits.h: run the same thing again and it goes on).
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

EXIT_CODE = 75
"""Exit code of a stage that was stopped and goes on when it is run again."""

MARKER = "RLVR_STOP"
"""Environment variable naming the file whose appearance asks the processes of a launch to stop."""

_termination = threading.Event()


class Stopped(Exception):
    """The stage was asked to stop, has saved a checkpoint, and goes on from it when it is run again."""


def stop_requested() -> bool:
    """Whether this process was asked to stop. Ranks may learn of it at different steps: ask `World.any`."""
    return _termination.is_set() or ((marker := os.environ.get(MARKER)) is not None and os.path.exists(marker))


@contextmanager
def catch_termination(marker: Path | None = None) -> Iterator[None]:
    """Within: a first SIGTERM only asks to stop (and makes the file `marker`); a second one ends the process."""
    _termination.clear()
    if threading.current_thread() is not threading.main_thread():
        yield  # Python handles signals in the main thread alone
        return

    def ask(number: int, frame: FrameType | None) -> None:
        _termination.set()
        if marker is not None:
            marker.touch()
        signal.signal(number, before)

    before = signal.signal(signal.SIGTERM, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
