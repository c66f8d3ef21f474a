"""VLM-R1's accuracy reward for jsonl data, where each row names its rule (grpo_jsonl.py@90052f4).

    accu_reward_method "default", solution "<answer> red cube </answer>", answer "red cubes"   ->  0.94, text likeness

| method | rule |
|---|---|
| `mcq`, `yes_no`, `all_match`, `weighted_sum` | the files of that name or content |
| `map`, `od_ap`, `od_ap50`, `odLength` | `rlvr.rewards.detection_map` |
| `math` | cleaned answers: equal text, equal mathematics, or equal normal form |
| `llm` | needs a judge; not applicable here |
| `default` and anything else | equal mathematics; else by the truth: number, choice letter or likeness of texts |
"""

import re
from collections.abc import Callable
from typing import Any

from rlvr.answers import answer_span, last_answer_span, one_line_answer_span
from rlvr.rewards import capital_letter, detection_map, detection_overlap, math_text, plain_answer, symbolic
from rlvr.rewards.plain_answer import cleaned
from rlvr.spans import last_answer

YES_NO = re.compile("yes|no")


def accuracy(
    completions: list[str], *, solution: list[str], accu_reward_method: list[str], **_: Any
) -> list[float | None]:
    """Each completion by its row's rule; None where it does not apply (`llm`, a truth that cannot be read)."""
    return _by_row(completions, solution, accu_reward_method, RULES, default)


def strict(
    completions: list[str], *, solution: list[str], accu_reward_method: list[str], **_: Any
) -> list[float | None]:
    """The rules' strict forms, which read the last answer tag alone and give no credit for likeness."""
    return _by_row(completions, solution, accu_reward_method, STRICT_RULES, exact)


def default(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """Equal mathematics; else the rule that fits the truth."""
    return [_default(text, truth) for text, truth in zip(completions, solution, strict=True)]


def yes_no(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """1 when the first `yes` or `no`, inside words too, is the same on both sides, or missing on both."""
    return [
        float(_first_word(answer_span(text.lower()), text) == _first_word(one_line_answer_span(truth.lower()), truth))
        for text, truth in zip(completions, solution, strict=True)
    ]


def math(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """1 for equal cleaned texts, equal mathematics, or equal normal forms; None where math-verify fails."""
    return [_math(cleaned(text), cleaned(truth)) for text, truth in zip(completions, solution, strict=True)]


def exact(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """`math` of the last answer tag alone; 0 without one."""
    scores: list[float | None] = []
    for text, truth in zip(completions, solution, strict=True):
        given, wanted = last_answer_span(text), cleaned(truth)
        scores.append(float(given is not None and _math(cleaned(given), wanted) == 1.0))
    return scores


def unjudged(completions: list[str], **_: Any) -> list[float | None]:
    """Not applicable: a language model would have to compare."""
    return [None] * len(completions)


Rule = Callable[..., list[float | None]]

RULES: dict[str, Rule] = {
    "mcq": capital_letter.mcq,
    "yes_no": yes_no,
    "llm": unjudged,
    "map": detection_map.whole_text,
    "math": math,
    "weighted_sum": detection_overlap.weighted_sum,
    "od_ap": detection_map.answer,
    "od_ap50": detection_map.answer_at_50,
    "odLength": detection_map.answer_length,
    "all_match": plain_answer.all_match,
}
"""Upstream's names; any other name is `default`."""

STRICT_RULES: dict[str, Rule] = {
    "mcq": capital_letter.strict,
    "llm": unjudged,
    **dict.fromkeys(("map", "od_ap", "od_ap50", "odLength", "weighted_sum"), detection_map.strict),
}
"""Any other name is `exact`."""


def _by_row(
    completions: list[str], solution: list[str], methods: list[str], rules: dict[str, Rule], otherwise: Rule
) -> list[float | None]:
    scores: list[float | None] = []
    for text, truth, method in zip(completions, solution, methods, strict=True):
        rule: Rule = rules.get(method, otherwise)
        scores += rule([text], solution=[truth])
    return scores


def _default(text: str, truth: str) -> float:
    one_line, span = one_line_answer_span(truth), last_answer(text)
    wanted = truth.strip() if one_line is None else one_line
    given = text.strip() if span is None else span
    if symbolic.compare(given, wanted).equal:
        return 1.0
    if re.search(r"\d", wanted):
        numbers = _number(cleaned(given)), _number(cleaned(wanted))
        return _likeness(given, wanted) if None in numbers else float(numbers[0] == numbers[1])
    if letter := capital_letter.chosen(wanted):
        return float(capital_letter.chosen(given) == letter)
    return _likeness(given, wanted)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _likeness(given: str, wanted: str) -> float:
    """2 x common characters in order / all characters of the cleaned texts (python-Levenshtein's `ratio`)."""
    from rapidfuzz.distance import Indel

    return Indel.normalized_similarity(cleaned(given), cleaned(wanted))


def _math(given: str, wanted: str) -> float | None:
    if given == wanted:
        return 1.0
    found = symbolic.compare(given, wanted)
    if found.equal or found.failed:
        return None if found.failed else 1.0
    try:
        content = math_text.boxed(given)
        return float(math_text.equal(given if content is None else content, wanted))
    except ValueError:
        return 0.0


def _first_word(span: str | None, text: str) -> str:
    found = YES_NO.search(text.lower() if span is None else span)
    return found.group() if found else ""
