"""Temporary folders that go even when the process that made them is killed: the next one to make a folder sweeps.

Stages write whole models into theirs, and a machine on which runs are killed must not fill up.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from rlvr.store.own_folder import own_folder, sweep

PREFIX = "rlvr-"


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder that only this user can read; it goes when the block ends."""
    parent = Path(tempfile.gettempdir())
    sweep(parent, f"{PREFIX}*")
    with own_folder(parent / f"{PREFIX}{uuid4().hex}") as folder:
        yield folder
