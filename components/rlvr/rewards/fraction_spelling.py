r"""Fractions, roots and pi in one LaTeX spelling, as MMR1 does it: with backslashes and braces.

    "frac12" -> "\frac{1}{2}"    "sqrt(3)" -> "\sqrt{3}"    "2π" -> "2\pi"

Upstream: LengSicong/MMR1@d8161a0 verl/utils/reward_score/r1v.py (`fix_frac`, `fix_sqrt`, `fix_pi`).
"""

import re

_FRACTIONS = (
    (re.compile(r"(?<!\\)frac"), r"\\frac"),
    (re.compile(r"\\frac([^{\s])([^{\s])"), r"\\frac{\1}{\2}"),
    (re.compile(r"\\frac(\{[^{}]++\})([^{\s])"), r"\\frac\1{\2}"),
    (re.compile(r"\\frac([^{\s])(\{[^{}]++\})"), r"\\frac{\1}\2"),
    (re.compile(r"\\frac\(([^()]++)\)\(([^()]++)\)"), r"\\frac{\1}{\2}"),
    (re.compile(r"\\frac([^{\s])\(([^()]++)\)"), r"\\frac{\1}{\2}"),
    (re.compile(r"\\frac\(([^()]++)\)([^{\s])"), r"\\frac{\1}{\2}"),
)
"""One character or one group each above and below, braced; tried in upstream's order."""


def spelled(text: str) -> str:
    """The text with all three spelled one way."""
    for pattern, put in _FRACTIONS:
        text = pattern.sub(put, text)
    text = re.sub(r"(?<!\\)sqrt", r"\\sqrt", text)
    text = _braced_roots(text)
    text = re.sub(r"\\sqrt(?!\{)(.)", r"\\sqrt{\1}", text)
    return re.sub(r"(?<!\\)pi", r"\\pi", text).replace("π", "\\pi")


def _braced_roots(text: str) -> str:
    r"""`\sqrt(...)` -> `\sqrt{...}`, each up to the next closing parenthesis on its line."""
    from rlvr.rewards.loose_text import unwrapped

    return unwrapped(text, "\\sqrt(", ")", "\\sqrt{", "}")
