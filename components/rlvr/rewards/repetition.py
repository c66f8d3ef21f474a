"""VLM-R1's penalty for saying the same thing again (grpo_jsonl.py@90052f4): -(1 - different / all).

What is counted: boxes with their labels where the text has a list of them (the first fenced json block, else the first
fenced block, else the first bare list of objects with `bbox_2d` and `label`), otherwise runs of six words.
"""

import json
import re
from typing import Any

from rlvr.spans import between

RUN = 6
"""Words a run."""

REPAIR_CHARACTERS = 4096
"""Longest block that is repaired when it is not JSON; json_repair needs quadratic time on some texts."""

LIST_START = re.compile(r"\[\s*+\{")
LIST_END = re.compile(r"\}\s*+\]")


def penalty(completions: list[str], **_: Any) -> list[float | None]:
    """0 (nothing repeated) down to almost -1; None for lists whose items are no objects (upstream raises)."""
    return [_penalty(text) for text in completions]


def _penalty(text: str) -> float | None:
    data = _data(_block(text))
    if data and isinstance(data, list):
        try:
            items = [f"{item['bbox_2d']}_{item['label']}" for item in data if "bbox_2d" in item and "label" in item]
        except TypeError:
            return None
        return _repeated(items)
    words = text.lower().split()
    return _repeated(list(zip(*(words[start:] for start in range(RUN)), strict=False)))


def _repeated(items: list[Any]) -> float:
    return -(1 - len(set(items)) / len(items)) if items else 0.0


def _block(text: str) -> str | None:
    fenced = next(between(text, "```json", "```"), None)
    if fenced is not None:
        return fenced.strip()
    return next(between(text, "```", "```"), "").strip() or _bare_list(text)


def _bare_list(text: str) -> str | None:
    """From the first `[{` to the first `}]` behind a `bbox_2d` and, behind that, a `label`."""
    start = LIST_START.search(text)
    if start is None:
        return None
    box = text.find('"bbox_2d"', start.end())
    label = text.find('"label"', box + len('"bbox_2d"')) if box >= 0 else -1
    end = LIST_END.search(text, label + len('"label"')) if label >= 0 else None
    return text[start.start() : end.end()] if end else None


def _data(block: str | None) -> Any:
    """The block's JSON, repaired where it is not JSON and short enough; None where there is none."""
    if not block:
        return None
    try:
        return json.loads(block)
    except (ValueError, RecursionError):
        pass
    if len(block) > REPAIR_CHARACTERS:
        return None
    from json_repair import repair_json

    try:
        return json.loads(repair_json(block))
    except Exception:  # upstream, too, takes any failure of the repair for plain text
        return None
