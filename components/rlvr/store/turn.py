"""Taking turns: of the processes (and threads) that want the same thing, one at a time."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
"""What a volume answers that knows no locks."""


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Wait until nobody else is in a block under the same `lock`, a file that is there only meanwhile.

    The turn of a process that dies ends with it. `OSError` with one of `NO_LOCKS` on a volume that knows no locks.
    """
    file = _locked(lock)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(file)


def remove_unused(lock: Path, folder: Path | None = None) -> None:
    """Remove the lock that a dead process left, and the folder that it kept, unless somebody has it now."""
    with suppress(OSError):
        file = os.open(lock, os.O_RDWR)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is(file, lock):
                if folder is not None:
                    rmtree(folder, ignore_errors=True)
                lock.unlink()
        finally:
            os.close(file)


def _locked(lock: Path) -> int:
    while True:
        file = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is(file, lock):
                return file
        except OSError:
            os.close(file)
            raise
        os.close(file)


def _is(file: int, path: Path) -> bool:
    """Whether `path` still is that open file: whoever had the turn before has removed it at the end."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
