r"""EasyR1's stock reward for mathematics, which MMR1's repository ships: the last box, and reasoning before a box.

    "<think>a</think>\boxed{7}"   gold "7"   ->  accuracy 1, format 1

Upstream: LengSicong/MMR1@d8161a0 verl/utils/reward_score/math.py: 0.9 accuracy + 0.1 format, with the comparison of
mathruler 0.1.0 (after PRM800K): the same normal text, or the same values part by part, fractions as written.
"""

import re
from typing import Any

from rlvr.rewards import math_text, symbolic
from rlvr.rewards.candidate_accuracy import boxed_content

BRACKETS = "()[]"

UNITS = "degree cm centimeter meter mile second minute hour day week month year foot feet inch yard".split()
"""Units that are taken out, also inside words."""

_UNITS = tuple(re.compile(rf"{unit}(?:es)?s? *(?:\^[0-9]+)?") for unit in UNITS)
_ENCLOSED = re.compile(r"\\text\{([^\n]+)\}")
_FRACTION = re.compile(r"\\[td]?frac\{([^{}]++)\}\{([^{}]++)\}")
_PLAIN_FRACTION = re.compile(r"-?[0-9]+.?/0*[1-9][0-9]*.?")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d\d\d(?!\d))")

LONGEST = 4096
"""Characters from which on answers are compared as they stand."""


def accuracy(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """1 when the last box agrees with the gold."""
    return [float(same(boxed_content(text), truth)) for text, truth in zip(completions, answer, strict=True)]


def form(completions: list[str], **_: Any) -> list[float | None]:
    """1 when the text begins with a think tag and a box follows the closing one."""
    return [float(_has_form(text)) for text in completions]


def same(given: str, truth: str) -> bool:
    """The comparison of mathruler."""
    if max(len(given), len(truth)) > LONGEST:
        return given == truth
    if math_text.equal(_opened(given.strip()), _opened(truth.strip())):
        return True
    one, other = _normal(given), _normal(truth)
    if one == other:
        return True
    if not one:
        return False
    parts, wanted = _parts(one), _parts(other)
    bracketed = len(wanted) > 1 and (one[0], one[-1]) != (other[0], other[-1])
    if bracketed or len(parts) != len(wanted):
        return False
    return all(_same_part(part, right) for part, right in zip(parts, wanted, strict=True))


def _same_part(part: str, wanted: str) -> bool:
    if _PLAIN_FRACTION.fullmatch(part) and _PLAIN_FRACTION.fullmatch(wanted):
        return part == wanted  # a fraction must be as the gold has it
    if _is_whole(part) != _is_whole(wanted):
        return False
    return symbolic.equal(f"${part}$", f"${wanted}$") is True


def _has_form(text: str) -> bool:
    closing = text.find("</think>", len("<think>"))
    box = text.find(r"\boxed{", closing + len("</think>")) if closing >= 0 else -1
    return text.startswith("<think>") and box >= 0 and text.find("}", box) >= 0


def _normal(text: str) -> str:
    """Without units, dollars, percent signs and spaces; fractions as a/b; lower case."""
    text = _opened(text)
    for found, put in (("\\%", ""), ("\\$", ""), ("$", ""), ("%", ""), (" or ", " , "), (" and ", " , ")):
        text = text.replace(found, put)
    for found, put in (("million", "*10^6"), ("billion", "*10^9"), ("trillion", "*10^12")):
        text = text.replace(found, put)
    for unit in _UNITS:
        text = unit.sub("", text)
    text = re.sub(r"\^ *\\circ", "", text)
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1]
    text = re.sub(r",\\! *", "", text)
    text = _FRACTION.sub(r"\1/\2", text).replace("\\sqrt", "sqrt").replace("\\pi", "pi")
    text = re.sub(r"([0-9]) +([0-9])", r"\1+\2", re.sub("- *", "-", text))
    text = re.sub(r"[ {}]", "", text).lower()
    return str(int(float(_THOUSANDS.sub("", text)))) if _is_whole(text) else text


def _opened(text: str) -> str:
    enclosed = _ENCLOSED.fullmatch(text)
    return enclosed[1].strip() if enclosed else text


def _parts(text: str) -> list[str]:
    """The elements of a tuple or interval; the text itself otherwise."""
    plain = _THOUSANDS.sub("", text)
    inside = plain[1:-1]
    if len(plain) > 2 and plain[0] in BRACKETS and plain[-1] in BRACKETS and not set(BRACKETS) & set(inside):
        return [part.strip() for part in inside.split(",")]
    return [plain] if plain else []


def _is_whole(text: str) -> bool:
    try:
        value = float(_THOUSANDS.sub("", text))
        return abs(value - round(value)) <= 1e-7
    except (ValueError, OverflowError):
        return False
