r"""MMR1's two normal forms of answers, with all their side effects, and its loose comparison of texts.

    light   "\text{5} cm"    -> "5"        "frac12" -> "\frac{1}{2}"    "inside" -> "ide"
    heavy   "Dark red."      -> "dark red" "not sure" -> "falset sure"  "None"   -> "falsene"

Units and words are replaced inside other words too: upstream's forms do the same, and MMR1's accuracy depends on it.
Upstream: LengSicong/MMR1@d8161a0 verl/utils/reward_score/r1v.py (`normalize`, `normalize_heavy`, `progressive_verify`).
Upstream also remembers heavy forms by the first 500 characters alone, so that long replies with one beginning share
one form; here every text has its own.
"""

import re
from functools import lru_cache

from rlvr.rewards import fraction_spelling

UNITS = (
    "degree cm centimeter dm meter mile gram kilo kilogram kg liter second minute hour day week month year foot feet "
    "inch in yard square cell unit yuan time 米 厘米 克 千克 公斤 升 秒 分钟 分 小时 天 周 月 年 元"
).split()
"""Units that are taken out, in upstream's order."""

NUMBERS = {
    word: str(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
} | {
    "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80",
    "ninety": "90", "hundred": "100", "thousand": "1000", "million": "1000000", "billion": "1000000000",
}  # fmt: skip
"""Number words, replaced where they stand alone."""

EQUIVALENTS = (
    ("yes", "true"), ("no", "false"), ("correct", "true"), ("incorrect", "false"), ("right", "true"),
    ("wrong", "false"), ("million", "*10^6"), ("billion", "*10^9"), ("trillion", "*10^12"),
)  # fmt: skip
"""Replaced anywhere, in this order (so "incorrect" becomes "intrue")."""

DECIMALS = {
    "1/2": "0.5", "1/3": "0.333", "2/3": "0.667", "1/4": "0.25", "3/4": "0.75", "1/5": "0.2", "2/5": "0.4",
    "3/5": "0.6", "4/5": "0.8", "1/8": "0.125", "3/8": "0.375", "5/8": "0.625", "7/8": "0.875",
}  # fmt: skip
"""Fractions that become decimals, anywhere."""

RENAMED = (
    ("\\parallel", "//"), ("平行", "//"), ("⊥", "\\perp"), ("△", "\\triangle"), ("Δ", "\\triangle"),
    ("∠", "\\angle"), ("∽", "\\sim"), ("角", "\\angle"), ("平面", "plane"), ("且", "and"), ("\\times", "*"),
    ("正确", "correct"), ("错误", "incorrect"), ("notlessthan", "\\geq"), ("notmorethan", "\\leq"),
)  # fmt: skip
"""Geometry and Chinese words, after lower case."""

_POWER = r"(?:es)?s? *(?:\^\{*[0-9]+\}*)?[\u00B2\u00B3\u2070-\u2079]*"
_UNITS_ANYWHERE = tuple(re.compile(unit + _POWER) for unit in UNITS)
_UNITS_ALONE = re.compile(rf"\b(?:{'|'.join(UNITS)}){_POWER}\b", re.IGNORECASE)
_NUMBER_WORDS = re.compile(rf"\b(?:{'|'.join(NUMBERS)})\b")
_MINUS = re.compile(r"- *")
_MIXED = re.compile(r"([0-9]) +([0-9])")
_CIRCLED = re.compile("[\u2460-\u2473]")


def light(text: str) -> str:
    """Units, degrees, dollars and spaces taken out, LaTeX spelled one way, lower case."""
    for _ in range(2):
        text = unwrapped(text, "\\text{", "}", "", "")
    for found, put in (("\\%", "%"), ("\\$", "$"), ("$", ""), (" or ", " , "), (" and ", " , ")):
        text = text.replace(found, put)
    for found, put in EQUIVALENTS[-3:]:
        text = text.replace(found, put)
    for unit in _UNITS_ANYWHERE:
        text = unit.sub("", text)
    text = _without_degrees(text)
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1]
    text = _MINUS.sub("-", re.sub(r",\\! *", "", text))
    text = _MIXED.sub(r"\1+\2", text).replace(" ", "").replace("()", "").replace("{}", "")
    text = fraction_spelling.spelled(text.replace("√", "\\sqrt")).lower()
    for found, put in RENAMED:
        text = text.replace(found, put)
    if _CIRCLED.search(text):
        text = _CIRCLED.sub(lambda digit: str(ord(digit[0]) - 0x245F), text.replace(",", ""))
    return _enough(text)


@lru_cache(maxsize=4096)
def heavy(text: str) -> str:
    """Number words, yes and no, some fractions and units replaced; with LaTeX in it, the light form of that."""
    text = text.strip().lower().rstrip(".!?;,")
    text = _NUMBER_WORDS.sub(lambda word: NUMBERS[word[0]], text)
    for found, put in EQUIVALENTS:
        text = text.replace(found, put)
    if "/" in text:
        for fraction, decimal in DECIMALS.items():
            text = text.replace(fraction, decimal)
    text = _UNITS_ALONE.sub("", text)
    if any(character in text for character in "\\{}^_°("):
        text = _without_degrees(unwrapped(text, "\\text{", "}", "", ""))
        text = _MINUS.sub("-", re.sub(r",\\\\! *", "", text)).replace("()", "").replace("{}", "")
    text = " ".join(text.split())
    return light(text) if any(character in text for character in "\\{}^_") else text


def alike(given: str, truth: str) -> bool:
    """Upstream's loose comparison: equal heavy forms, one inside the other where one is short, or most words shared."""
    if not given or not truth:
        return False
    one, other = heavy(given), heavy(truth)
    if one == other:
        return True
    if len(other) <= 10 and len(one) > len(other):
        inside = other in one
    elif len(one) <= 10 and len(other) > len(one):
        inside = one in other
    else:
        inside = abs(len(one) - len(other)) < 20 and (other in one or one in other)
    if inside:
        return True
    if min(len(one), len(other)) <= 2:
        return False
    words, wanted = set(one.split()), set(other.split())
    share = len(words & wanted) / len(wanted) if wanted else 0.0
    return share >= 0.8 or (len(wanted) <= 3 and share >= 0.6)


def unwrapped(text: str, opening: str, closing: str, before: str, after: str) -> str:
    """Every `opening...closing` on one line replaced by its content between `before` and `after`."""
    parts = []
    for line in text.split("\n"):
        done = 0
        while (start := line.find(opening, done)) >= 0:
            end = line.find(closing, start + len(opening))
            if end < 0:
                break
            parts += [line[done:start], before, line[start + len(opening) : end], after]
            done = end + len(closing)
        parts += [line[done:], "\n"]
    return "".join(parts[:-1])


def _without_degrees(text: str) -> str:
    # One form after the other, for taking out one may bring about another.
    for form in (r"\^ *\\circ", r"\^ *\{\\circ\}", r"\\circ", "°"):
        text = re.sub(form, "", text)
    return text


def _enough(text: str) -> str:
    """Chinese and English "(not) enough", and anything with "not" in it, as yes or no."""
    if "够" in text:
        text = "no" if "不够" in text else "yes"
    if "enough" in text:
        text = "no" if "notenough" in text else "yes"
    return "no" if "not" in text else text
