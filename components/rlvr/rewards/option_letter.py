"""VideoChat-R1's answer letter: the first capital A to G of the first answer block, against that of the true answer.

    answer "(C)"   <answer>The answer is C</answer>   ->  1
    answer "(C)"   <answer>A dog: C</answer>          ->  0, for the A of "A dog" comes first

Some phrases are taken out first. Upstream means to take out two more, but a missing comma joins them into one that
never occurs, so `Best answer: C` is read as B. Upstream: OpenGVLab/VideoChat-R1@73b2ea9 src/open_r1/grpo_tasks.py. What
is called `strict` is ours.
"""

import re
from typing import Any

from rlvr.answers import last_answer_span
from rlvr.rewards.glue_spans import first_block

PHRASES = (
    "The best answer is",
    "The correct answer is",
    "The answer is",
    "The answer",
    "The best option is",
    "The correct option is",
    "Best answer:Best option:",
)
"""What is taken out, in upstream's order."""

LETTER = re.compile("[A-G]")
STRICT = re.compile(r"\(?([A-Z])\)?")


def first_capital(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """1 when both letters are the same, also when neither text has one; 0 without an answer block."""
    return [
        float(block is not None and letter(block) == letter(truth))
        for block, truth in zip((first_block(text, "answer") for text in completions), answer, strict=True)
    ]


def strict(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """1 when the last complete answer block is the letter, in brackets or bare, and nothing else."""
    given = [STRICT.fullmatch(last_answer_span(text) or "") for text in completions]
    return [float(match is not None and match[1] == letter(truth)) for match, truth in zip(given, answer, strict=True)]


def letter(text: str) -> str:
    """The letter that upstream reads; empty when there is none."""
    for phrase in PHRASES:
        text = text.replace(phrase, "")
    match = LETTER.search(text)
    return match[0] if match else ""
