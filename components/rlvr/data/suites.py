"""Suites of checks as readable files: what the package ships, and what a user changes about it.

[[rows]]                       # or [[sets]], [[sources]]: what is judged
name = "min_side"              # a known name changes that check, in the keys that are given; a new one adds a check
arguments = { min_value = 56 }

[[rows]]
name = "one_script"
severity = "off"               # takes a check out
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

from rlvr.canonical import load
from rlvr.errors import RlvrError

Severity = Literal["critical", "warning", "info"]
"""Critical failures stop the pipeline or send rows to quarantine; the others are reported."""

KINDS = ("rows", "sets", "sources")
"""What checks may be about; one shipped file each."""

OFF = "off"
"""Severity by which a user's suite takes a check out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One expectation on the facts."""

    name: str
    """Identifier, and the reason that quarantined rows carry."""
    title: str
    """What is expected, as people read it."""
    severity: Severity
    """Critical failures are quarantined or stop the pipeline, the others are reported."""
    why: str
    """What would go wrong without it."""
    column: str
    """The fact that is judged."""
    expectation: str
    """Great Expectations' type."""
    arguments: dict[str, Any]
    """The expectation's further arguments."""


Suites = dict[str, list[Check]]
"""Kind -> checks, in the order of the files."""


def suites(own: Mapping[str, Any] | None = None) -> Suites:
    """The package's checks, changed by the content of a user's suite file."""
    entries = {kind: _shipped(kind) for kind in KINDS}
    for kind, changes in (own or {}).items():
        if kind not in entries or not isinstance(changes, Sequence) or isinstance(changes, str):
            raise RlvrError(
                f"The suite has a part {kind!r}; expected lists of tables named [[rows]], [[sets]] or [[sources]]."
            )
        for change in changes:
            entries[kind] = _changed(entries[kind], change, kind)
    return {kind: [_check(entry, kind) for entry in listed] for kind, listed in entries.items()}


def read_suite(path: Path) -> dict[str, Any]:
    """The content of a user's suite file, TOML."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RlvrError(f"The suite {path} cannot be read ({error.strerror}); give a TOML file of checks.") from error
    except (ValueError, RecursionError) as error:
        raise RlvrError(f"The suite {path} is not TOML ({error}); see rlvr/data/suites for the form.") from error
    suites(content)  # whatever is wrong is said before any row is read
    return content


def _shipped(kind: str) -> list[dict[str, Any]]:
    text = (files("rlvr.data") / "suites" / f"{kind}.toml").read_text(encoding="utf-8")
    listed: list[dict[str, Any]] = tomllib.loads(text)[kind]
    return listed


def _changed(entries: list[dict[str, Any]], change: Any, kind: str) -> list[dict[str, Any]]:
    if not isinstance(change, dict) or not isinstance(change.get("name"), str):
        raise RlvrError(f'A check in [[{kind}]] of the suite has no name; write name = "..." in each table.')
    name = change["name"]
    if change.get("severity") == OFF:
        if name not in [entry["name"] for entry in entries]:
            raise RlvrError(f"The suite takes out {name!r}, which is no check in [[{kind}]].")
        return [entry for entry in entries if entry["name"] != name]
    if name in [entry["name"] for entry in entries]:
        return [entry | change if entry["name"] == name else entry for entry in entries]
    return [*entries, {"title": name, "why": "asked for by the user's suite", "arguments": {}, **change}]


def _check(entry: Mapping[str, Any], kind: str) -> Check:
    severity = entry.get("severity")
    if severity not in get_args(Severity):
        raise RlvrError(
            f"Check {entry['name']!r} in [[{kind}]] has severity {severity!r}; expected "
            f"{', '.join(get_args(Severity))} or, to take it out, {OFF}."
        )
    try:
        return load(Check, dict(entry))
    except RlvrError as error:
        raise RlvrError(f"Check {entry['name']!r} in [[{kind}]] of the suite: {error}") from error
