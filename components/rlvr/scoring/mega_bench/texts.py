"""Metrics of one text: equality in several strengths, edit distance, references, mathematics.

Each takes what was said and what is true and gives a score in [0, 1]. Rules: MEGA-Bench, metrics/scoring.
"""

import re
import unicodedata
from typing import Any

from rlvr.boxed import box_spans
from rlvr.rewards import symbolic
from rlvr.scoring.math_vision import arithmetic
from rlvr.scoring.mega_bench.values import items, literal

NEAR = 0.9
"""Similarity from which on a text is near; below it scores nothing."""

FARTHEST = 2_000
"""Characters of texts whose edit distance is computed; longer texts must be equal."""

TOLERANCE = 0.01
"""Relative difference of numbers that still counts as right."""

_LETTER = re.compile(r"\(?([A-Za-z])")
_DROPPED = str.maketrans("", "", " -\n\t.")
_FRACTION = re.compile(r"\\d?frac\{([^{}]{1,40})\}\{([^{}]{1,40})\}")
_UNITS = re.compile(r"\\pi|π|\\text\{[^{}]{0,40}\}|\\times|\\cdot|\\left|\\right|\\[()\[\]]|°C|°| C\b|[$¥]|\^|%")
_REPLACED = {"\\pi": "3.14", "π": "3.14", "\\times": "*", "\\cdot": "*", "^": "**", "%": "/100"}
_DIGIT_BEFORE_PI = re.compile(r"(\d)(\\pi|π)")


def exact(said: Any, truth: Any) -> float:
    """The same text; where the truth is a single letter, the first letter of what was said counts."""
    one, other = str(said), str(truth)
    if len(other) == 1 and other.isalpha() and len(one) > 1 and (match := _LETTER.match(one)):
        one = match[1]
    return float(one == other)


def exact_any_case(said: Any, truth: Any) -> float:
    """`exact` without regard to case."""
    return exact(str(said).lower(), str(truth).lower())


def simple(said: Any, truth: Any) -> float:
    """`exact_any_case` without spaces, hyphens, dots and line breaks."""
    return exact(str(said).translate(_DROPPED).lower(), str(truth).translate(_DROPPED).lower())


def code_result(said: Any, truth: Any) -> float:
    """`exact` against what stands in the truth's code fence."""
    _, opened, rest = str(truth).partition("```")
    body = rest.partition("\n")[2].partition("```")[0].removesuffix("\n") if opened else str(truth)
    return exact(said, body)


def near(said: Any, truth: Any) -> float:
    """Similarity of texts without articles, accents and case, if it is at least `NEAR`."""
    if not isinstance(said, str) or not isinstance(truth, str) or len(said) > 4 * FARTHEST:
        return 0.0
    score = similarity(_plain(said), _plain(truth))
    return score if score >= NEAR else 0.0


def similarity(said: Any, truth: Any) -> float:
    """One less the Damerau-Levenshtein distance over the longer length."""
    from rapidfuzz.distance import DamerauLevenshtein

    one, other = str(said), str(truth)
    if one == other:
        return 1.0
    return 0.0 if max(len(one), len(other)) > FARTHEST else float(DamerauLevenshtein.normalized_similarity(one, other))


def any_reference(said: Any, truth: Any) -> float:
    """`simple` equality with any of the listed texts."""
    return float(any(simple(said, reference) for reference in items(str(truth).replace("，", ","))))


def positive_integer(said: Any, truth: Any) -> float | None:
    """The same integer; None, which leaves the field out, where neither is positive."""
    given, wanted = literal(said), literal(truth)
    if isinstance(given, bool) or not isinstance(given, int) or not isinstance(wanted, int):
        return 0.0
    return None if given <= 0 and wanted <= 0 else float(given == wanted)


def relative_difference(said: Any, truth: Any) -> float:
    """One less the relative difference of two numbers, at least 0."""
    given, wanted = (value if isinstance(value, int | float) else literal(value) for value in (said, truth))
    if not all(isinstance(value, int | float) and abs(value) < 1e15 for value in (given, wanted)) or not wanted:
        return 0.0
    return max(0.0, 1.0 - float(abs((given - wanted) / wanted)))


def number(said: Any, truth: Any) -> float:
    """Numbers within one per cent; texts that are none by `simple`."""
    given, wanted = _number(str(said)), _number(str(truth))
    if given is None or wanted is None:
        return simple(said, truth)
    return float(abs(given - wanted) <= abs(wanted) * TOLERANCE)


def boxed_number(said: Any, truth: Any) -> float:
    """`number` of what stands in the first box of each, or of the whole."""
    return number(_first_boxed(str(said)), _first_boxed(str(truth)))


def formula(said: Any, truth: Any) -> float:
    """The same mathematics by math-verify, or the same text by `simple`."""
    if not isinstance(said, str) or not isinstance(truth, str):
        return 0.0
    bare = [text.strip().strip("$").strip() for text in (said, truth)]
    return 1.0 if simple(*bare) else float(symbolic.equal(f"${bare[0]}$", f"${bare[1]}$") is True)


def text_and_formula(said: Any, truth: Any) -> float:
    """Words by `simple`, formulas between dollars by `formula`."""
    if not isinstance(said, str) or not isinstance(truth, str):
        return 0.0
    (words, formulas), (true_words, true_formulas) = _split(said), _split(truth)
    same_words = simple(words, true_words) == 1.0
    return float(same_words and (formulas == true_formulas or formula(formulas, true_formulas) == 1.0))


def _split(text: str) -> tuple[str, str]:
    parts = text.split("$")
    return "".join(parts[::2]).replace(",", ""), " ".join(part.strip() for part in parts[1::2]).replace(",", "")


def _plain(text: str) -> str:
    words = " ".join(word for word in text.split(" ") if word.lower() not in ("the", "a"))
    return "".join(char for char in unicodedata.normalize("NFKD", words) if not unicodedata.combining(char)).lower()


def _first_boxed(text: str) -> str:
    spans = box_spans(text)
    return text[slice(*spans[0])] if spans else text


def _number(text: str) -> float | None:
    """Value of a number or expression behind the last sign of equality, units dropped."""
    if len(text) > 1000:
        return None
    tail = re.split(r"=|≈|\\approx", text)[-1].strip()
    tail = _DIGIT_BEFORE_PI.sub(r"\1*\2", _FRACTION.sub(r"(\1)/(\2)", tail))
    return arithmetic(_UNITS.sub(lambda unit: _REPLACED.get(unit[0], ""), tail).replace(",", "").strip())
