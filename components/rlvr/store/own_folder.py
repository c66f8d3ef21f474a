"""Folders that go with the process that works in them, however it ends: whoever comes next sweeps.

    4k2j9x/        where a process works
    4k2j9x.lock    held by that process

The lock is taken before the folder is made and falls with the process, so a folder whose lock is free belongs to
nobody.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rlvr.store.turn import NO_LOCKS, one_at_a_time, remove_unused

LOCK = ".lock"


@contextmanager
def own_folder(folder: Path) -> Iterator[Path]:
    """Make `folder`, which nobody else asks for, for the block; its parent is there."""
    with ExitStack() as alive:
        try:
            alive.enter_context(one_at_a_time(folder.with_name(folder.name + LOCK)))
        except OSError as error:
            if error.errno not in NO_LOCKS:  # without locks nothing shows that a process has died
                raise
        try:
            folder.mkdir(mode=0o700)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def sweep(parent: Path, names: str) -> None:
    """Remove the folders of dead processes in `parent` whose names match the pattern `names`."""
    for lock in parent.glob(names + LOCK):
        remove_unused(lock, lock.with_name(lock.name.removesuffix(LOCK)))
