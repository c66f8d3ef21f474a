"""The lock of a run's folder: one command at a time, and its stages end with it or stop when it asks them to."""

import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from rlvr.errors import RlvrError
from rlvr.launch.command import STOP, WATCH_SECONDS
from rlvr.progress import LOCK


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[Callable[[], None]]:
    """Hold the run's lock; yields what asks its stages to stop, those that begin later, too.

    A second command on the same run is refused; stages of a killed one may end first.
    """
    with open(folder / "lock", "a+", encoding="utf-8") as file:
        deadline = time.monotonic() + 4 * WATCH_SECONDS
        while not _locked(file):
            if time.monotonic() > deadline:
                raise RlvrError(
                    f"{folder} is in use by another `rlvr run`. Wait for it, or choose another --seed or --home."
                )
            time.sleep(0.05)  # a stage of a killed command holds the lock for the moment in which it ends itself
        file.seek(0)
        killed = bool(file.read())  # a command that ends by itself leaves the file empty
        file.truncate(0)
        file.write(secrets.token_hex(8))
        file.flush()
        if killed:
            time.sleep(3 * WATCH_SECONDS)
        os.environ[LOCK] = str(folder / "lock")

        def ask_to_stop() -> None:
            file.write(STOP)
            file.flush()

        try:
            yield ask_to_stop
        finally:
            file.truncate(0)


def _locked(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
