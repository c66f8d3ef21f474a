"""What a check found, in words for people."""

from collections.abc import Mapping
from typing import Any


def check_words(predicate: Mapping[str, Any]) -> tuple[str, str]:
    """The result of a test-result statement, and what of it: e.g. `WARNED`, `not held: unique; rows_in 4000`.

    A check by one name, such as a benchmark, is named even when it passed. Statements may say anything, so what is not
    of the expected kind is left out.
    """
    wrong = [*_names(predicate, "failedTests"), *_names(predicate, "warnedTests")]
    passed = _names(predicate, "passedTests")
    named = f"not held: {', '.join(wrong)}" if wrong else passed[0] if len(passed) == 1 else ""
    numbers = predicate.get("numbers")
    told = [f"{name} {value}" for name, value in sorted(numbers.items())] if isinstance(numbers, dict) else []
    between = "; " if wrong else ": "
    return str(predicate.get("result", "")), between.join(filter(None, [named, ", ".join(told)]))


def _names(predicate: Mapping[str, Any], part: str) -> list[str]:
    found = predicate.get(part)
    return [str(name) for name in found] if isinstance(found, list) else []
