"""The command that started a stage: the stage ends with it, and stops in good time when the command is told to stop.

The command keeps a file locked while it lives, with a token of its own in it. Words after the token ask its stages to
stop. A file reaches into containers, and a stage whose shell was signalled by a terminal hears of it all the same.
"""

import fcntl
import os
import signal
import threading
import time
from pathlib import Path

from rlvr.launch.stopping import EXIT_CODE, stop_requested
from rlvr.progress import LOCK

WATCH_SECONDS = 0.5
"""How often a stage looks whether the command still lives and what it asks."""
STOP = " stop"
"""What the command appends to its token."""


def stop_with_command() -> None:
    """End this process soon after the command that started it has died, however it died, or stop when it asks.

    Without this a killed `rlvr run` would leave its stage running, and a second run would work beside it. Ctrl-C is for
    the command, which passes it on: a terminal sends it to every process at once, and the stage would be torn off.
    """
    path = os.environ.get(LOCK)
    if path:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        token = Path(path).read_text(encoding="utf-8").removesuffix(STOP)
        threading.Thread(target=_watch, args=(path, token), daemon=True).start()


def _watch(path: str, token: str) -> None:
    """Exit when nobody holds the lock, or when somebody else does."""
    with open(path, encoding="utf-8") as file:
        while True:
            time.sleep(WATCH_SECONDS)
            file.seek(0)
            text = file.read()
            if not token or not text.startswith(token):
                os._exit(EXIT_CODE)
            if text != token:
                _stop()
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                os._exit(EXIT_CODE)
            except BlockingIOError:
                continue


def _stop() -> None:
    """Do what SIGTERM does: work that can stop in good time is asked to, once; any other process ends."""
    if stop_requested():
        return
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:  # which the first process of a container would not hear
        os._exit(EXIT_CODE)
    os.kill(os.getpid(), signal.SIGTERM)
