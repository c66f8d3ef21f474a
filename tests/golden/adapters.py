"""From a golden row's upstream reward name and inputs to a call of our function, one module a method.

A module `upstream/<method>.py` has `ADAPTERS`: reward name (or `"task:reward"` where tasks share names) -> a
function of the row's inputs that gives what our code returns: a number, None, a list for inputs that are a batch, or a
`Text` where upstream returns text. It may have `DEPARTURES`: name of a departure that the method file states -> which
rows it covers; and `UNCOVERED`: upstream functions without an adapter -> what they are and why.
"""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from shapes import Adapter

MODULES: Mapping[str, ModuleType] = {
    path.stem: importlib.import_module(f"upstream.{path.stem}")
    for path in sorted((Path(__file__).parent / "upstream").glob("*.py"))
}

ADAPTERS: Mapping[str, Mapping[str, Adapter]] = {name: module.ADAPTERS for name, module in MODULES.items()}

DEPARTURES: Mapping[str, Mapping[str, Callable[[dict[str, Any]], bool]]] = {
    name: getattr(module, "DEPARTURES", {}) for name, module in MODULES.items()
}
"""A row that differs counts as a departure only when a named one covers it; all departures of a method together may
cover at most 2 per cent of its rows."""

UNCOVERED: Mapping[str, Mapping[str, str]] = {
    name: getattr(module, "UNCOVERED", {}) for name, module in MODULES.items()
}
"""Upstream functions without an adapter; their rows are counted at the end of a run."""

LIMIT_PERCENT = 2.0


def departure(row: dict[str, Any]) -> str | None:
    """Name of the departure that covers the row, if any."""
    return next((name for name, covers in DEPARTURES[row["method"]].items() if covers(row)), None)
