r"""VL-Rethinker's rule: is the answer of a completion the true one, and is the completion valid?

    solution "\boxed{12}"   "... so \boxed{12}"               ->  1
    solution "\boxed{B}"    "... so \boxed{B. 45}"            ->  1, for only the letter behind the brace counts
    solution "\boxed{12}"   "\boxed{11} <answer>12</answer>"  ->  1, for a wrong box may be made good by a tag

Tried in turn are the last box, the first answer tag on one line, and what stands behind the last `Answer:`; where none
of them is right, the whole text. A completion is finished when it holds an end token, so the one that decoding takes
away is put back behind completions that were not cut. Answers are compared by math-verify.
Upstream: TIGER-AI-Lab/VL-Rethinker@dd2c17d openrlhf/trainer/ppo_utils/experience_maker.py; the strict form is
`rlvr.rewards.boxed_strict`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from rlvr.answers import tag_span
from rlvr.rewards import symbolic

END = "<|im_end|>"
"""End token of Qwen's chat format; `<|endoftext|>` counts too."""

CLOSING_WORDS = "Now everything looks fine. Solution finished."
"""Words behind which upstream allows nothing but the end token."""

LETTERS = "ABCDEFGHIJK"
"""A true answer that is a part of this text is taken for an option letter (`AB` is, `L` is not)."""

MOST_WAITS = 5
"""More occurrences of `wait`, also within words, make a completion invalid."""

REMOVED = (("dfrac", "frac"), (r"\text", ""), (r"\varnothing", r"\emptyset"), ("minutes", ""), ("cm", ""))
"""Replacements in both answers, in upstream's order."""

Form = Literal["none", "wait", "confidence"]
"""Upstream's option `format`: what a completion must hold besides its answer; the published scripts say `none`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What upstream's rule says of a completion."""

    valid: bool
    """Whether it has an end token and not too many waits (and a box, where one is required)."""
    alone: bool | None
    """Whether nothing follows the closing words; None where they do not occur."""
    formed: bool | None
    """Whether it has what `Form` asks for; None where that is nothing, or something follows the closing words."""
    problem: str | None
    """Why it is invalid, in upstream's words."""
    correctness: float
    """1 right, 0 wrong, -1 not readable."""


def correct(
    completions: list[str], *, solution: list[str], truncated: list[bool] | None = None, **_: Any
) -> list[float | None]:
    """1 for a right answer, else 0: the paper's reward."""
    return [float(verdict.correctness > 0) for verdict in _verdicts(completions, solution, truncated)]


def shaped(
    completions: list[str], *, solution: list[str], truncated: list[bool] | None = None, **_: Any
) -> list[float | None]:
    """The code's reward for responses without forced rethinking: see `shape`."""
    return [
        shape(valid=verdict.valid, right=verdict.correctness > 0, waits=waits(text))
        for text, verdict in zip(completions, _verdicts(completions, solution, truncated), strict=True)
    ]


def shape(*, valid: bool, right: bool, waits: int | None) -> float:
    """1 right, 0 wrong, -0.1 invalid; a right one that waits once or twice gets 1.1, more waits cost 0.2 each.

    `waits` is None where they do not matter: forced rethinking, evaluation.
    """
    plain = float(right) if valid else -0.1
    if not right or waits is None:
        return plain
    return 1.1 if waits in (1, 2) else max(plain - 0.2 * waits, -0.1)


def waits(text: str) -> int:
    """How often a text reflects on itself."""
    lower = text.lower()
    return lower.count("wait,") + lower.count("wait a") + lower.count("alternatively")


def _verdicts(texts: list[str], solutions: list[str], truncated: list[bool] | None) -> Iterator[Verdict]:
    for text, solution, cut in zip(texts, solutions, truncated or [False] * len(texts), strict=True):
        verdict = judge(text if cut else text + END, solution)
        assert verdict is not None
        yield verdict


def judge(text: str, solution: str, *, form: Form = "none", box_required: bool = False) -> Verdict | None:
    """Upstream's verdict on a text with its end token; None where upstream fails (a required box is missing)."""
    problem = None
    if END not in text and "<|endoftext|>" not in text:
        problem = "No eos."
    elif box_required and "boxed" not in text:
        problem = "No valid boxed."
    elif text.lower().count("wait") > MOST_WAITS:
        problem = "too many waits"
    closing = text.find(CLOSING_WORDS)
    alone = len(text) <= closing + len(CLOSING_WORDS) + len(END) if closing >= 0 else None
    if alone is False:
        formed, correctness = None, 0.0
    else:
        if box_required and "boxed" not in text and readable(solution):
            return None
        formed, correctness = _formed(text, form), _correctness(text, solution, box_required)
    return Verdict(valid=problem is None, alone=alone, formed=formed, problem=problem, correctness=correctness)


def _formed(text: str, form: Form) -> bool | None:
    if form == "wait":
        return "wait" in text.lower() or "alternatively" in text.lower()
    if form == "confidence":
        return 1 <= text.count("<confidence>") <= 5 and "</confidence>" in text
    return None


def readable(solution: str) -> bool:
    """Whether math-verify reads anything in a true answer."""
    return bool(symbolic.compare("", truth_text(solution)).truth)


def truth_text(solution: str) -> str:
    r"""A true answer as math-verify gets it: normalised and in a box."""
    answer = normalised(solution)
    return answer if r"\boxed" in answer else rf"\boxed{{{answer}}}"


def _correctness(text: str, solution: str, box_required: bool) -> float:
    truth, score = truth_text(solution), -1.0
    if not readable(solution):
        return score
    candidates = ["\\" + text[text.rindex("boxed") :]] if box_required else _candidates(text)
    for candidate in candidates:
        score = compared(normalised(candidate), truth)
        if score > 0.99:
            break
    return score


def _candidates(text: str) -> Iterator[str]:
    """Where an answer may stand, in the order in which upstream looks."""
    if r"\boxed" in text:
        yield text[text.rindex(r"\boxed") :].strip()
    if (tagged := _one_line_tag(text)) is not None:
        yield rf"\boxed{{{tagged}}}"
    if "Answer:" in text:
        yield rf"\boxed{{{text[text.rindex('Answer:') + len('Answer:') :].strip()}}}"
    yield text


def _one_line_tag(text: str) -> str | None:
    """The first answer tag that opens and closes on one line, its content as it stands."""
    for line in text.split("\n"):
        if tag_span(line, "answer") is not None:
            return line.partition("<answer>")[2].partition("</answer>")[0]
    return None


def compared(candidate: str | None, truth: str) -> float:
    """1 where both are equal, 0 where not, -1 where the candidate cannot be read; `truth` must be readable."""
    if candidate is None:
        return -1.0
    found = symbolic.compare(candidate, truth)
    if found.failed:
        return -1.0
    if len(found.truth) > 1 and found.truth[1] in LETTERS:
        return float(candidate[len(r"\boxed{") :].startswith(found.truth[1]))
    return float(found.equal) if found.prediction else -1.0


def normalised(answer: str) -> str:
    """An answer without what upstream takes out of it, wherever it stands."""
    for old, new in REMOVED:
        answer = answer.replace(old, new)
    return answer
