"""Where our functions differ from upstream's on purpose: {method: {name: (reason, which rows)}}.

A row that differs counts as a departure only when a named one covers it, and all departures of a method together may
cover at most 2 per cent of its rows.
"""

from collections.abc import Callable, Mapping
from typing import Any

Row = dict[str, Any]

DEPARTURES: Mapping[str, Mapping[str, tuple[str, Callable[[Row], bool]]]] = {
    "r1_vlm": {
        "mixed_digit_batch": (
            "Upstream judges a whole batch by its first row's task, or raises, because its guard against mixed batches "
            "never fires; ours judges every row by its own kind of answer.",
            lambda row: row["task"] == "digit_recognition" and len(_tasks(row)) > 1,
        ),
    },
    "vl_rethinker": {
        "replay_switched_off": (
            "Upstream's HEAD returns before its replay begins, because the trainer leaves out an argument; a method of "
            "ours that names replay gets it.",
            lambda row: row["inputs"].get("mode", "").startswith("as_called"),
        ),
    },
}

LIMIT_PERCENT = 2.0


def departure(row: Row) -> str | None:
    """Name of the departure that covers the row, if any."""
    named = DEPARTURES.get(row["method"], {})
    return next((name for name, (_, covers) in named.items() if covers(row)), None)


def _tasks(row: Row) -> set[str]:
    task = row["inputs"].get("task", ())
    return set(task) if isinstance(task, list) else {task}
