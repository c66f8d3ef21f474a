r"""MMR1's accuracy reward: any of three candidates for the answer, compared more and more loosely with the gold.

    gold "7"   "<answer> \boxed{7} </answer>"   ->  1       "<answer> 7 </answer>"   ->  0.5
    gold "B"   "<answer> \boxed{C} </answer>"   ->  0.1
    gold "A"   "<answer> \boxed{C} </answer>"   ->  1, see below

| function | pays | upstream function |
|---|---|---|
| `accuracy` | 1, 0.5 (gold found in the whole reply), 0.1 (letter gold, other reply), 0 | `r1v_accuracy_reward` |
| `before_judge` | the same without the 0.1 | `r1v_accuracy_only_reward` |
| `strict` | 1 or 0 | ours: the last answer tag's box alone, exactly |

From a candidate without a box inside, upstream takes the text "None", whose heavy form is "falsene". Golds whose form
is a part of that (A, E, F, L, N, S, "no") are paid whatever is said. Short golds are found inside longer answers and
the other way round (3 and 13). Upstream: LengSicong/MMR1@d8161a0 verl/utils/reward_score/r1v.py.
"""

import re
from typing import Any

from rlvr.answers import last_answer_span
from rlvr.boxed import last_boxed
from rlvr.rewards import symbolic
from rlvr.rewards.answer_candidates import candidates
from rlvr.rewards.loose_text import alike, light

NOTHING = "None"
"""What mathruler's extractor says of a text without a closed box."""

LONGEST = 4096
"""Characters from which on a boxed answer is only compared as it stands: normal forms need time."""

PI = 3.14
"""What upstream puts in for the constant."""

_CHOICE = re.compile(r"\(?([A-E])\)?(?:\.\s*|$|\s)")


def accuracy(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """1, 0.5, 0.1 or 0."""
    return [_score(text, truth.strip(), for_letter=0.1) for text, truth in zip(completions, answer, strict=True)]


def before_judge(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """1, 0.5 or 0: what the rule says before upstream asks a language model about the rest."""
    return [_score(text, truth.strip(), for_letter=None) for text, truth in zip(completions, answer, strict=True)]


def strict(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """1 when the box in the last complete answer tag holds the gold's letter, text or mathematics."""
    scores: list[float | None] = []
    for text, truth in zip(completions, answer, strict=True):
        given, wanted = (last_boxed(last_answer_span(text) or "") or "").strip(), truth.strip()
        chosen, right = _choice(given), _choice(wanted)
        if right:
            scores.append(float(chosen == right))
        else:
            same = given == wanted or symbolic.equal(rf"\boxed{{{given}}}", rf"\boxed{{{wanted}}}") is True
            scores.append(float(bool(given) and same))
    return scores


def boxed_content(text: str) -> str:
    """Content of the box that opens last, stripped; "None" when it is not closed or there is none (mathruler)."""
    start = text.rfind(r"\boxed{")
    if start < 0:
        return NOTHING
    start += len(r"\boxed{")
    depth = 0
    for brace in re.finditer(r"[{}]", text[start:]):
        depth += 1 if brace.group() == "{" else -1
        if depth < 0:
            return text[start : start + brace.start()].strip()
    return NOTHING


def _score(text: str, truth: str, *, for_letter: float | None) -> float:
    if any(_matches(boxed_content(candidate), truth) for candidate in candidates(text)):
        return 1.0
    if for_letter is not None and _choice(truth):
        return for_letter
    return 0.5 * alike(text, truth)


def _matches(given: str, truth: str) -> bool:
    chosen, right = _choice(given), _choice(truth)
    if chosen and right:
        return chosen == right
    if given == truth:
        return True
    if len(given) > LONGEST:
        return False
    one, other = light(given).strip(), light(truth).strip()
    return one == other or alike(given, truth) or _same_value(one, other)


def _same_value(one: str, other: str) -> bool:
    """math-verify, rounded to as many decimals as the shorter of two plain numbers has."""
    if _is_number(one) and _is_number(other):
        decimals = min(len(one.rpartition(".")[2]), len(other.rpartition(".")[2]))
    else:
        decimals = 2 if "pi" in one or "pi" in other else 4
    return symbolic.compare(rf"\boxed{{{one}}}", rf"\boxed{{{other}}}", rounding=decimals, pi=PI).equal


def _choice(text: str) -> str | None:
    """The option letter that a text begins with: "B", "(B)", "B. 5", "b five"."""
    found = _CHOICE.match(text.strip().upper())
    return found[1] if found else None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
