"""Temporary folders that go even when the process that made them is killed: the next one to make a folder sweeps.

    <temporary folder>/rlvr-4k2j9x_1.lock     held (flock) by the process that works in
    <temporary folder>/rlvr-4k2j9x_1/

The lock is taken before the folder is made and falls with the process, however that ends, so a folder whose lock is
free belongs to nobody. Stages write whole models into theirs, and a machine on which runs are killed must not fill up.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX, LOCK = "rlvr-", ".lock"


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder that only this user can read; it goes when the block ends."""
    sweep()
    lock, held = _locked()
    folder = lock.with_suffix("")
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.unlink(missing_ok=True)
        os.close(held)


def sweep() -> None:
    """Remove the folders of this user's processes that have died."""
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*{LOCK}"):
        with contextlib.suppress(OSError):
            held = os.open(lock, os.O_RDWR | os.O_NOFOLLOW)
            try:
                if os.fstat(held).st_uid == os.getuid():
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises while its process lives
                    shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                    lock.unlink()
            finally:
                os.close(held)


def _locked() -> tuple[Path, int]:
    """A new lock and the descriptor that holds it."""
    while True:
        held, name = tempfile.mkstemp(prefix=PREFIX, suffix=LOCK)
        fcntl.flock(held, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.stat(name), os.fstat(held)):
                return Path(name), held
        os.close(held)  # somebody swept it between the two calls
