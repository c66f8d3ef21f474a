"""Objects of a JSON or JSON Lines file one by one, in memory bounded by the largest of them.

    list(json_items(Path("rows.json")))  ->  [(1, {"question": ...}), (2, {...})]     # [{...}, {...}] in the file

`ValueError` says what is wrong, for the caller to name the file. A file of any size is read; a single item or line
above `MAX_ITEM_CHARACTERS` is refused, and so is nesting deeper than Python's parser goes.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MAX_ITEM_CHARACTERS = 64 * 2**20
"""Length of the longest row; one with pictures as base64 has a few million characters."""

CHUNK_CHARACTERS = 2**20
"""Characters read at a time."""

_BETWEEN = " \t\r\n"


def json_items(path: Path) -> Iterator[tuple[int, Any]]:
    """Number (from 1) and value of each item of the list that the file holds."""
    decoder = json.JSONDecoder()
    with path.open(encoding="utf-8-sig") as text:
        buffer, place, number, comma = text.read(CHUNK_CHARACTERS), 0, 0, False

        def more() -> bool:
            nonlocal buffer, place
            if len(buffer) - place > MAX_ITEM_CHARACTERS:
                raise ValueError(f"item {number + 1} is longer than the {MAX_ITEM_CHARACTERS} characters allowed")
            # At least doubled, so that a long item is not parsed from its start too often.
            added = text.read(max(CHUNK_CHARACTERS, len(buffer) - place))
            buffer, place = buffer[place:] + added, 0
            return bool(added)

        def following() -> str:  # the next character that is no white space; empty at the end
            nonlocal place
            while True:
                while place < len(buffer) and buffer[place] in _BETWEEN:
                    place += 1
                if place < len(buffer):
                    return buffer[place]
                if not more():
                    return ""

        if following() != "[":
            raise ValueError("it must hold a list of objects")
        place += 1
        while (char := following()) != "]" or comma:
            if number and not comma:
                if char != ",":
                    raise ValueError(f"item {number} is followed by {char!r}; expected a comma or the list's end")
                place, comma = place + 1, True
                continue
            while True:
                try:
                    value, place = decoder.raw_decode(buffer, place)
                    break
                except json.JSONDecodeError as error:
                    if not more():
                        raise ValueError(f"item {number + 1} is not JSON: {error.msg}") from error
                except RecursionError as error:
                    raise ValueError(f"item {number + 1} is nested too deeply") from error
            number, comma = number + 1, False
            yield number, value
        place += 1
        if rest := following():
            raise ValueError(f"the list's end is followed by {rest!r}")


def json_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """Number (from 1) and value of each line that is not blank."""
    with path.open("rb") as lines:
        number = 0
        while line := lines.readline(MAX_ITEM_CHARACTERS + 1):
            number += 1
            if len(line) > MAX_ITEM_CHARACTERS:
                raise ValueError(f"line {number} is longer than the {MAX_ITEM_CHARACTERS} bytes allowed")
            if line.strip():
                yield number, _line(line, number)


def _line(line: bytes, number: int) -> Any:
    try:
        return json.loads(line)
    except RecursionError as error:
        raise ValueError(f"line {number} is nested too deeply") from error
    except ValueError as error:
        raise ValueError(f"line {number} is not JSON: {error}") from error
