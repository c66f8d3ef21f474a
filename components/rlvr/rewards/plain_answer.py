r"""An answer as plain text on one line, as VLM-R1 compares it (grpo_jsonl.py@90052f4).

cleaned("<think>x</think><answer>\nRed\ncube.\n</answer>")  ->  "red cube"
"""

import re
from typing import Any

from rlvr.spans import last_answer

BREAKS = tuple((re.compile(rf"(?<=\s){char}"), re.compile(rf"(?<!\s){char}")) for char in (r"\n", r"\r"))
"""A line break behind white space, and any other; of line feeds, then of carriage returns."""


def all_match(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """1 when both cleaned texts are equal."""
    return [float(cleaned(text) == cleaned(truth)) for text, truth in zip(completions, solution, strict=True)]


def cleaned(text: str) -> str:
    """The last answer, or the whole text: line breaks to blanks, stripped, without final dots, in lower case."""
    answer = last_answer(text)
    text = text if answer is None else answer
    for behind_space, other in BREAKS:
        text = other.sub(" ", behind_space.sub("", text))
    return text.strip().rstrip(".").lower()
