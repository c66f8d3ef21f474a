"""MathVision's answer rule as MM-Eureka runs it (VLMEvalKit): an option, or an equal number.

Upstream gives model text to Python's `eval`; here `arithmetic` evaluates numbers and operators alone, with bounds, and
math-verify stands for the latex2sympy reading of LaTeX. The strict rule is `rlvr.scoring.letter_or_value.strict`.
"""

import ast
import operator
from collections.abc import Callable
from typing import Any

from rlvr.datasets.choices import LETTERS
from rlvr.rewards import symbolic
from rlvr.scoring.final_answer import said_answer
from rlvr.scoring.inferred_option import inferred_option

MAX_CHARACTERS = 100
"""Longest expression that is evaluated."""

LARGEST = 1e15
"""Bound of every intermediate value and exponent base."""

_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


def published(
    completions: list[str], *, answer: list[str], options: list[list[str] | None], **_: Any
) -> list[float | None]:
    """The option that the reply means, or a number equal to the answer."""
    scores: list[float | None] = []
    for text, truth, choices in zip(completions, answer, options, strict=True):
        said = said_answer(text)
        if said is None:
            scores.append(None)
        elif choices:
            texts = choices if choices != list(LETTERS[: len(choices)]) else [f"({letter})" for letter in choices]
            scores.append(float(inferred_option(said, texts) == truth.strip()))
        else:
            scores.append(float(is_equal(said, truth) or symbolic.equal(f"${said}$", f"${truth}$") is True))
    return scores


def is_equal(said: str, truth: str) -> bool:
    """The same text but for case and outer white space, or numbers that differ by less than a millionth."""
    one, other = said.lower().strip(), truth.lower().strip()
    if one == other:
        return True
    left, right = arithmetic(one), arithmetic(other)
    return left is not None and right is not None and abs(left - right) < 1e-6


def arithmetic(text: str) -> float | None:
    """Value of an expression of numbers, operators and parentheses; None for anything else and above the bounds."""
    if len(text) > MAX_CHARACTERS:
        return None
    try:
        return _value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, ArithmeticError, TypeError, RecursionError, MemoryError):
        return None


def _value(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=bool() | int() | float() as value):
            return _bounded(value)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
            return -_value(operand) if isinstance(sign, ast.USub) else _value(operand)
        case ast.BinOp(left=left, op=symbol, right=right) if type(symbol) in _OPERATORS:
            base, other = _value(left), _value(right)
            if isinstance(symbol, ast.Pow) and abs(other) > 64:
                raise ValueError("exponent out of bounds")
            return _bounded(_OPERATORS[type(symbol)](base, other))
    raise ValueError("not arithmetic")


def _bounded(value: float) -> float:
    if isinstance(value, complex) or not abs(value) <= LARGEST:
        raise ValueError("value out of bounds")
    return value
