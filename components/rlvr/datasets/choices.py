r"""Options of a multiple-choice question, written under the question.

    listed("Which is it?", ["5", "7"])  ->  "Which is it?\n(A) 5\n(B) 7"

This is our one form of them, whatever the publisher's.
"""

import string
from collections.abc import Sequence

LETTERS = string.ascii_uppercase
"""Letters of the options, in order."""


def listed(question: str, choices: Sequence[str] | None) -> str:
    """The question with one line an option; the question alone when there are none."""
    lines = [f"({letter}) {choice}" for letter, choice in zip(LETTERS, choices or (), strict=False)]
    return "\n".join([question, *lines])
