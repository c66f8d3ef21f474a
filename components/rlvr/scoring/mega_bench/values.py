"""Values written as text: lists, sets, dicts, boxes and points, read without running anything and in bounded time.

    items("[1, 2]") -> [1, 2]    items("a, b") -> ["a", "b"]    mapping('{"x": "1"}') -> {"x": "1"}

Texts above `LONGEST` characters hold no value. Rules: MEGA-Bench, metrics/scoring/common/conversions.py.
"""

import ast
import json
import re
from collections.abc import Hashable
from typing import Any

LONGEST = 10_000
"""Characters of a written value that are read."""

DEEPEST = 50
"""Opening brackets one inside the other that are read."""

LARGEST = 1e12
"""Coordinates beyond this are none."""

_BODY = {"(": ")", "[": "]", "{": "}"}
_POINT = re.compile(r"<point>([^<]{0,200})</point>")
_BOX = re.compile(r"<box>([^<]{0,400})</box>")

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2."""


def literal(text: Any) -> Any:
    """The JSON or Python value that a text is; None where it is neither, or too long or too deep."""
    if not isinstance(text, str) or len(text) > LONGEST or _depth(text) > DEEPEST:
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text.strip())
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
    return None


def unquoted(text: str) -> str:
    """The text without quotes around the whole of it."""
    value = literal(text) if text[:1] in "\"'" else None
    return value if isinstance(value, str) else text


def items(value: Any) -> list[Any]:
    """The elements of a list, or of a text that is a list or is separated by commas; one number is a list of one."""
    if isinstance(value, list | tuple | set):
        return list(value)
    if not isinstance(value, str) or not value.strip():
        return []
    text = value.strip(" ")
    closing = _BODY.get(text[0])
    if closing and not text.endswith(closing):
        return []
    read = literal(text)
    if isinstance(read, list | tuple | set | dict):
        return list(read)
    if isinstance(read, int | float):
        return [read]
    if isinstance(read, str):
        return list(read)
    return [part.strip() for part in (text[1:-1] if closing else text)[:LONGEST].split(",")]


def members(value: Any) -> set[Hashable]:
    """The elements as a set; lists inside become tuples."""
    return {frozen(item) for item in items(value)}


def frozen(value: Any) -> Hashable:
    """The value in a form that can be in a set."""
    if isinstance(value, dict):
        return frozenset((str(key), frozen(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(frozen(item) for item in value)
    return frozenset(value) if isinstance(value, set) else value


def mapping(value: Any) -> dict[Any, Any] | None:
    """A dict, or the dict that a text is or ends with."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, str):
        return None
    text = value.strip()
    read = literal(text[text.find("{") : text.rfind("}") + 1]) if "{" in text else None
    return read if isinstance(read, dict) else None


def boxes(value: Any) -> list[Box]:
    """Boxes of four numbers: one, or a list of them, or a text that is either."""
    read = literal(value) if isinstance(value, str) else value
    if not isinstance(read, list | tuple):
        return []
    rows = [read] if len(read) == 4 and not isinstance(read[0], list | tuple) else read
    found = [numbers for row in rows if (numbers := _numbers(row, 4)) is not None]
    return [(x1, y1, x2, y2) for x1, y1, x2, y2 in found]


def points(value: Any) -> list[list[float]]:
    """Points of two numbers."""
    read = literal(value) if isinstance(value, str) else value
    rows = read if isinstance(read, list | tuple) else []
    return [numbers for row in rows if (numbers := _numbers(row, 2)) is not None]


def tagged_boxes(value: Any) -> list[Box]:
    """Boxes between box tags, four numbers separated by commas."""
    bodies = _BOX.findall(value) if isinstance(value, str) else []
    found = [numbers for body in bodies if (numbers := _written_numbers(body, 4)) is not None]
    return [(x1, y1, x2, y2) for x1, y1, x2, y2 in found]


def tagged_point(value: Any) -> list[float] | None:
    """The one point between point tags; None where there are none or several."""
    bodies = _POINT.findall(value) if isinstance(value, str) else []
    return _written_numbers(bodies[0], 2) if len(bodies) == 1 else None


def _written_numbers(body: str, count: int) -> list[float] | None:
    try:
        return _numbers([float(part) for part in body.split(",")], count)
    except ValueError:
        return None


def _numbers(row: Any, count: int) -> list[float] | None:
    if not isinstance(row, list | tuple) or len(row) != count:
        return None
    if any(isinstance(item, bool) or not isinstance(item, int | float) for item in row):
        return None
    return [float(item) for item in row] if all(abs(item) < LARGEST for item in row) else None


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return deepest
