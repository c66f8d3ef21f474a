"""What a training pod leaves for the stage that launched it: the machine that it ran on, and when.

Pods that train hold no key. They leave a note beside their result, and the launching stage, which has one, takes it
over into the statement that it signs, saying whose words they are. So the note is as good as the store is guarded.

    executions/<work key>.json  {"environment": {...}, "pod": "grpo-1f-1-node-0-0", "pods": 2, "started": "...", ...}
"""

import json
import os
import socket
from typing import Any

from rlvr.canonical import dumps
from rlvr.launch.work import Work
from rlvr.lineage.machine import machine
from rlvr.store import Store

FIELDS = ("environment", "pod", "pods", "started", "finished")


def leave_note(store: Store, work: Work, *, started: str, finished: str) -> None:
    """Tell how the work was done on this pod, the first of the TrainJob."""
    told = {
        "environment": machine(work),
        "pod": socket.gethostname(),
        "pods": int(os.environ.get("PET_NNODES", "1").partition(":")[0] or 1),
        "started": started,
        "finished": finished,
    }
    store.write(_document(work.key), dumps(told), overwrite=True)


def read_note(store: Store, key: str) -> dict[str, Any] | None:
    """The note about the work of `key`; None when there is none that can be read."""
    try:
        told = json.loads(store.read(_document(key)) or "null")
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) and all(field in told for field in FIELDS) else None


def _document(key: str) -> str:
    return f"executions/{key}.json"
