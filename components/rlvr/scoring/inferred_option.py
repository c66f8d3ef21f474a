"""VLMEvalKit's guess which option a text means, as MM-Eureka's evaluations of MathVista and MathVision use it.

    "(B)" -> "B"    "The answer is C" -> "C"    "5" -> the only option whose text occurs in it    "a" -> None

A letter counts when it stands as a word of its own and no other option's letter does; case matters. Refusals give "Z".
"""

from collections.abc import Sequence

from rlvr.datasets.choices import LETTERS

FAILURE = "Failed to obtain answer via API"
REFUSALS = (
    "Sorry, I can't help with images of people yet.",
    "I can't process this file.",
    "I'm sorry, but without the image provided",
    "Cannot determine the answer",
)
"""Phrases that count as no choice ("Z")."""

_SPACES = str.maketrans(dict.fromkeys(".()[],:;!*#{}", " "))


def inferred_option(text: str, choices: Sequence[str]) -> str | None:
    """Letter of the option that the text means, "Z" for a refusal, None when it cannot be told."""
    letters = LETTERS[: len(choices)]
    if FAILURE not in text:
        if any(refusal in text for refusal in REFUSALS):
            return "Z"
        words = set(text.translate(_SPACES).split())
        named = [letter for letter in letters if letter in words]
        if len(named) == 1:
            return named[0]
        if not named and "Z" in words:
            return "Z"
    lower = text.lower()
    named = [letter for letter, choice in zip(letters, choices, strict=False) if str(choice).lower() in lower]
    return named[0] if len(named) == 1 else None
