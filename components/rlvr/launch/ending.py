"""Ending a process whose work is done."""

import atexit
import os
import signal
import sys
from collections.abc import Callable


def end_with(main: Callable[[], int]) -> None:
    """Call `main` and end the process with the code that it returns, right after the exit handlers.

    The interpreter is not torn down: threads of torch's communication that still run then can abort the process
    (pytorch/pytorch#179291), and a signal that comes then kills it. Call this before anything registers an exit
    handler, as the first one registered is called last.
    """
    code = 1

    def end() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)

    atexit.register(end)
    try:
        code = main()
    except SystemExit as asked:
        code = asked.code if isinstance(asked.code, int) else 1
        raise
