"""Changes as lines to copy: a profile's TOML, and options of the command line."""

import json
import shlex
from collections.abc import Sequence
from typing import Any

from rlvr.plan.proposals import Change


def profile_text(changes: Sequence[Change], extends: str) -> str:
    """A profile that extends another by the changes."""
    lines = [f"extends = {_toml(extends)}"]
    tables = dict.fromkeys(change.table for change in changes)
    for table in sorted(tables, key=lambda name: (name != "", name == "method", name)):
        if table:
            lines += ["", f"[{table}]"]
        for change in changes:
            if change.table == table:
                key = _toml(change.path) if table == "method" else change.path
                note = f"  # {change.words}" + (" (changes the method)" if change.changes_method else "")
                lines.append(f"{key} = {_toml(change.value)}{note}")
    return "\n".join(lines) + "\n"


def set_options(changes: Sequence[Change]) -> str:
    """The changes of the method as `--set` options; empty when there are none."""
    options = [f"{change.path}={json.dumps(change.value)}" for change in changes if change.changes_method]
    return " ".join(f"--set {shlex.quote(option)}" for option in options)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }" if value else "{}"
    return json.dumps(value)  # the same for texts, numbers, true and false
