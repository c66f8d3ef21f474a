"""Curr-ReFT's third stage: a box, a list of classes or a free mathematical answer, by the row's `label`.

| label | paid |
|---|---|
| `detection` | 1 when the last box of the answer overlaps the solution's by more than a half (`last_box`) |
| `classify` | shared words over all words of the two lists, "traffic light" being two words; 0 for a list in brackets |
| `math` | 1 for equal mathematics, equal option letters, or one answer being part of the other |
| else | 0; `coco_vqa` needs an embedding model upstream |

Two answers without option letters count as equal, so EVERY tagged number or word pays in a `math` row whose solution
is no option, and an empty answer always does. `strict` closes that: mathematics, or the same letters, in the last
complete answer tag. In the paper boxes are paid by their overlap; the code pays 0 or 1.
Upstream: ding523/Curr_REFT@f123433 src/open_r1/Stage3_open_math_resize.py (named iou_reward there).
"""

import re
from typing import Any

from rlvr.answers import answer_span, last_answer_span
from rlvr.rewards import symbolic
from rlvr.rewards.choice_letters import letters, only_letters
from rlvr.rewards.last_box import EMPTY, Box, first_box, last_box, overlap
from rlvr.rewards.unclosed_answer import answer_content, cut_answer

BETWEEN_WORDS = re.compile(r"[,，、\s]++")  # noqa: RUF001 - the full-width comma is upstream's
HALF = 0.5


def accuracy(completions: list[str], *, solution: list[str], label: list[str], **_: Any) -> list[float | None]:
    """0 to 1 by the table above; `solution` with its tags, `label` upstream's column `task`."""
    return [_score(text, truth, kind) for text, truth, kind in zip(completions, solution, label, strict=True)]


def strict(completions: list[str], *, solution: list[str], label: list[str], **_: Any) -> list[float | None]:
    """As `accuracy`, but everything is read in the last complete answer tag, and `math` rows pay right answers only."""
    return [_strict(text, truth, kind) for text, truth, kind in zip(completions, solution, label, strict=True)]


def words(text: str) -> set[str]:
    """Words of a list that commas or white space separate."""
    return {word for word in BETWEEN_WORDS.split(text) if word}


def solution_box(solution: str) -> Box | None:
    """First box of the solution's answer tag; `EMPTY` without a box, None without a tag."""
    span = answer_span(solution)
    return None if span is None else first_box(span)


def _score(text: str, truth: str, kind: str) -> float:
    if kind == "detection":
        return float(_overlap(text, truth) > HALF)
    if kind == "classify":
        return _classes(cut_answer(text), truth)
    return float(kind == "math" and _math(text, truth))


def _overlap(text: str, truth: str) -> float:
    answer, wanted = cut_answer(text), solution_box(truth)
    given = last_box(answer)
    if given == EMPTY:
        given = first_box(answer)
    return 0.0 if given is None or wanted is None else overlap(given, wanted)


def _classes(answer: str, truth: str) -> float:
    span = answer_span(truth)
    if "[" in answer or span is None:
        return 0.0
    given, wanted = words(answer), words(span)
    return len(given & wanted) / len(given | wanted) if given or wanted else 0.0


def _math(text: str, truth: str) -> bool:
    if symbolic.equal(text, truth) is True:
        return True
    given, wanted = answer_content(text), answer_content(truth)
    if given is None or wanted is None:
        return False
    return letters(given) == letters(wanted) or wanted in given or given in wanted


def _strict(text: str, truth: str, kind: str) -> float:
    span = last_answer_span(text)
    if span is None:
        return 0.0
    if kind != "math":
        return _score(f"<answer>{span}</answer>", truth, kind)
    wanted = answer_content(truth)
    if wanted is None:
        return 0.0
    if options := letters(wanted):
        return float(only_letters(text) == set(options))
    return float(span == wanted or symbolic.equal(span, wanted) is True)
