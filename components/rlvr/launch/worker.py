"""The training container of a TrainJob: `python -m rlvr.launch.worker --store URL --work KEY`.

Every pod fetches the work's inputs from the store and runs its share of the processes; the first one publishes the
results. The exit code is 0 when the work is done, 75 when the pod was asked to stop and has saved a checkpoint, and 1
when it cannot be done; the reason then stands in the pod's termination message as JSON, for the launcher to read.
"""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from rlvr.canonical import resolve
from rlvr.errors import RlvrError
from rlvr.launch.ending import end_with
from rlvr.launch.stopping import EXIT_CODE, Stopped
from rlvr.launch.work import read_work
from rlvr.progress import report
from rlvr.provenance import code_digest, compute
from rlvr.redaction import redact_tracebacks, redacted
from rlvr.store import open_store

TERMINATION_LOG = "/dev/termination-log"
"""What Kubernetes keeps of a container that has ended; another file by `RLVR_TERMINATION_LOG`."""
KEPT = 4000
"""Characters of a message; Kubernetes keeps 4096 bytes."""


def main(arguments: Sequence[str]) -> int:
    """Do the work and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m rlvr.launch.worker", description=__doc__)
    parser.add_argument("--store", required=True, help="the store's URL")
    parser.add_argument("--work", required=True, help="key of the work")
    given = parser.parse_args(arguments)
    redact_tracebacks()
    signal.signal(signal.SIGTERM, _end)  # the first process of a container ignores it otherwise
    label = "work"
    try:
        keep = open_store(given.store)
        work = read_work(keep, given.work)
        label = work.label
        if work.code != code_digest():
            raise RlvrError(
                f"This image holds other code ({code_digest()[:12]}) than the stage that launched it "
                f"({work.code[:12]}). Compile the pipeline with one image for both."
            )
        compute(resolve(work.stage), keep, work, publish=os.environ.get("PET_NODE_RANK", "0") == "0")
    except Stopped as stopped:
        print(stopped, flush=True)
        return EXIT_CODE
    except Exception as error:
        readable = isinstance(error, RlvrError)
        message = redacted(str(error) if readable else f"{type(error).__name__}: {error}")
        report(label, 0, 1, event="error", message=message)
        told = {"time": time.time(), "readable": readable, "may_pass": isinstance(error, RlvrError) and error.may_pass}
        _leave_message({**told, "message": message[:KEPT]})
        if not readable:
            raise
        return 1
    return 0


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(EXIT_CODE)


def _leave_message(content: dict[str, object]) -> None:
    """Tell the cluster why this container ends."""
    path = Path(os.environ.get("RLVR_TERMINATION_LOG", TERMINATION_LOG))
    if path.exists():
        text = json.dumps(content, ensure_ascii=False)
        while len(text.encode()) > KEPT:
            content["message"] = str(content["message"])[: -max(1, len(text.encode()) - KEPT)]
            text = json.dumps(content, ensure_ascii=False)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    end_with(lambda: main(sys.argv[1:]))
