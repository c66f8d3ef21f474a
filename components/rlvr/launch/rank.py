"""One process of a launch, started by torchrun as `python -m rlvr.launch.rank FILE`."""

import json
import os
import sys
import threading
import time
import traceback
from pathlib import Path

from rlvr.canonical import resolve
from rlvr.errors import RlvrError
from rlvr.launch.arguments import whole
from rlvr.launch.ending import end_with
from rlvr.launch.stopping import EXIT_CODE, Stopped
from rlvr.progress import VARIABLE
from rlvr.redaction import redact_tracebacks, redacted


def work(path: str) -> int:
    """One rank: do what the file at `path` says, and leave a message if it cannot be done; the exit code."""
    redact_tracebacks()
    threading.Thread(target=_end_with_launcher, daemon=True).start()
    call, rank = Path(path), os.environ["RANK"]
    if rank != "0":
        os.environ[VARIABLE] = os.devnull  # one rank reports progress
    try:
        content = json.loads(call.read_text())
        resolve(content["body"])(**whole(content["arguments"]))
        _leave()
    except Stopped as stopped:
        (call.parent / "stopped").write_text(str(stopped))
        _leave()
    except Exception as error:
        kind = "" if isinstance(error, RlvrError) else f"{type(error).__name__}: "
        failure = {
            "rank": rank,
            "time": time.time(),
            "readable": isinstance(error, RlvrError),
            "message": redacted(f"{kind}{error}"),
            "traceback": redacted(traceback.format_exc()),
        }
        staged = call.parent / f"failure-{rank}.part"
        staged.write_text(json.dumps(failure))
        staged.rename(staged.with_suffix(".json"))
        return 1
    return 0


def _leave() -> None:
    from rlvr.rl.world import leave

    leave()


def _end_with_launcher() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(EXIT_CODE)


if __name__ == "__main__":
    end_with(lambda: work(sys.argv[1]))
