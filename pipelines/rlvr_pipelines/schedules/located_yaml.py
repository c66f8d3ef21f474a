"""YAML as plain values that still know their lines, so that errors can name them.

Only what data needs: no tags, no anchors (they can make a small file endlessly large), no repeated keys.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from rlvr.errors import RlvrError

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
"""Deepest nesting that is read; the time that PyYAML takes grows with the square of the depth."""

Place = tuple[str | int, ...]
"""Keys and positions from the top of the file to a value."""


def read(path: Path) -> tuple[Any, Callable[[Place], int]]:
    """The file's content, and a function from a place to its line (from 1); `RlvrError` names file and line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise RlvrError(f"{path} cannot be read: {why}.") from error
    if len(text) > MAX_BYTES:
        raise RlvrError(f"{path} has more than {MAX_BYTES:,} characters; split it.")
    lines: dict[Place, int] = {}
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise RlvrError(f"{path}, line {_line(event)}: nested more than {MAX_DEPTH} levels deep.")
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise RlvrError(f"{path}, line {_line(event)}: anchors and aliases are not read; write the value out.")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        value = None if node is None else _value(node, (), lines, path)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise RlvrError(f"{path}{where}: this is not YAML ({getattr(error, 'problem', None) or error}).") from error
    return value, lambda place: _nearest(lines, place)


def _value(node: Any, place: Place, lines: dict[Place, int], path: Path) -> Any:
    lines.setdefault(place, _line(node))
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None or key in found:
                what = "a key is not plain text" if key is None else f"the key {key!r} stands here a second time"
                raise RlvrError(f"{path}, line {_line(key_node)}: {what}.")
            lines[(*place, key)] = _line(key_node)
            found[key] = _value(value_node, (*place, key), lines, path)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(entry, (*place, number), lines, path) for number, entry in enumerate(node.value)]
    loader = yaml.SafeLoader("")
    try:
        value = loader.construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        raise RlvrError(f"{path}, line {_line(node)}: {str(node.value)[:60]!r} cannot be read as data.") from error
    finally:
        loader.dispose()
    return value if value is None or isinstance(value, bool | int | float | str) else str(node.value)


def _line(of: Any) -> int:
    return int(of.start_mark.line) + 1


def _nearest(lines: dict[Place, int], place: Place) -> int:
    while place not in lines and place:
        place = place[:-1]
    return lines.get(place, 1)
