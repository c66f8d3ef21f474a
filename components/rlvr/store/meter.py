"""A bar for transfers that take a while, when somebody is there to see it."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rlvr.progress import VARIABLE

LARGE_BYTES = 256 << 20
"""Smaller transfers are over before one has read the line."""


@contextmanager
def meter(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A function to tell the bytes just moved, out of `total`; draws a bar when the standard error is a terminal.

    Stages that an `rlvr run` watches draw none: the run has a display of its own.
    """
    if total < LARGE_BYTES or not sys.stderr.isatty() or os.environ.get(VARIABLE):
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = ("{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=total)
        yield lambda count: bars.advance(task, count)
