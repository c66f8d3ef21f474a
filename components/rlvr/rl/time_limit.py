"""A limit on the time that a piece of Python code takes."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

AGAIN_SECONDS = 1.0
"""Time between further interruptions, for code that caught the first one."""


class OutOfTimeError(BaseException):
    """The code took longer than it may. Not an `Exception`, so that code which goes on after any error does not."""


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise `OutOfTimeError` in the block once it has taken `seconds`; None sets no limit.

    The kernel's alarm does it, so there is no limit outside of the main thread, nor inside a C call that does not look
    at signals (regular expressions and arithmetic of Python do).
    """
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def expire(number: int, frame: FrameType | None) -> NoReturn:
        raise OutOfTimeError

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
