"""Answer rules of CV-Bench: letter or text of an option, 1 right, 0 wrong, None unreadable.

    options ["left", "right"], letter "(A)"     <answer>(a)</answer>, <answer>left</answer>, "I think it is left"  ->  1

`published` is turningpoint-ai/VisualThinker-R1-Zero@cd71978 src/eval/evaluate_Qwen2_VL_CVBench.py: math-verify reads
the answer tag (the whole text where there is none or an empty one) with option letters and texts among its strings, and
what it read must be spelled like the letter, the letter in brackets, or the option's text.
"""

from typing import Any

from rlvr.answers import last_answer_span
from rlvr.rewards import symbolic
from rlvr.rewards.symbolic import Reading

LETTERS = "ABCDEF"
SPELLINGS = tuple(form.format(letter) for form in ("{}", "({})") for letter in LETTERS + LETTERS.lower())
"""How a letter may be written."""


def published(completions: list[str], *, answer: list[str], options: list[list[str]], **_: Any) -> list[float | None]:
    """Upstream's rule; `answer` is the text of the right option."""
    return [_published(text, truth, some) for text, truth, some in zip(completions, answer, options, strict=True)]


def published_continued(
    completions: list[str], *, answer: list[str], options: list[list[str]], **_: Any
) -> list[float | None]:
    """Upstream's rule for base models: the opening tag that the prompt ends with is not part of what is read."""
    return published([text.removeprefix("<think>") for text in completions], answer=answer, options=options)


def strict(completions: list[str], *, answer: list[str], options: list[list[str]], **_: Any) -> list[float | None]:
    """The last complete answer tag must hold the option's text or its letter, brackets optional; the case is free."""
    return [_strict(text, truth, some) for text, truth, some in zip(completions, answer, options, strict=True)]


def lenient_span(text: str) -> str | None:
    """Content of the first answer tag that is on one line once stripped; None where there is none."""
    for part in text.split("</answer>")[:-1]:
        ended = part.rstrip()
        line = ended.rfind("\n") + 1
        # Either the tag is in the content's own line, or it stands before it with nothing but white space between.
        for start in (ended.rfind("<answer>", 0, line), ended.find("<answer>", line)):
            behind = start + len("<answer>")
            if start >= 0 and not ended[behind:line].strip():
                return ended[behind:].strip()
    return None


def _letter(truth: str, options: list[str]) -> str:
    return LETTERS[options.index(truth)]


def _published(text: str, truth: str, options: list[str]) -> float | None:
    reading = Reading(targets=("latex", "expr", "string"), strings=(*SPELLINGS, *options))
    letter = _letter(truth, options)
    found = [
        symbolic.compare(lenient_span(text) or text, right, reading, Reading(targets=("string",), strings=(right,)))
        for right in (truth, letter, f"({letter})")
    ]
    return float(any(each.equal for each in found)) if found[0].prediction else None


def _strict(text: str, truth: str, options: list[str]) -> float | None:
    span = (last_answer_span(text) or "").lower()
    letter = _letter(truth, options).lower()
    readable = {option.lower() for option in options} | {spelling.lower() for spelling in SPELLINGS}
    return float(span in (truth.lower(), letter, f"({letter})")) if span in readable else None
