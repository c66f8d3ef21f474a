"""Facts of multiple-choice rows: are the options distinct, and where among them does the answer stand?

options ["left", "right"], answer "right"  ->  option_index 1
options ["left", "right"], answer "(A)"    ->  option_index 0
"""

import re
from typing import Any

from rlvr.data.question_text import normal
from rlvr.data.rows import Row

LETTERED_KINDS = ("letter", "option", "choice")
"""Answer kinds whose answer, when it is a single letter, names an option."""

_LETTER = re.compile(r"\W{0,2}([A-Z])\W{0,2}")


def option_facts(row: Row) -> dict[str, Any]:
    """`options` (how many), `options_distinct`, `option_index` (from 0) and `option_missing`; null without options.

    A row that has letters but lists no options (they stand in its question) gets an `option_index` alone.
    """
    options = [normal(option) for option in row.get("options") or []]
    place = _place(row["answer"], options) if options or row["answer_kind"] in LETTERED_KINDS else None
    if not options:
        return {"options": None, "options_distinct": None, "option_index": place, "option_missing": None}
    return {
        "options": len(options),
        "options_distinct": len(set(options)) == len(options),
        "option_index": place,
        "option_missing": place is None,
    }


def _place(answer: str, options: list[str]) -> int | None:
    """The option whose text the answer is, else the one whose letter it is."""
    if (text := normal(answer)) in options:
        return options.index(text)
    letter = _LETTER.fullmatch(answer.strip()[:8])
    place = ord(letter[1]) - ord("A") if letter else None
    return place if place is not None and (not options or place < len(options)) else None
