"""The child process of `rlvr.rewards.symbolic`: a JSON line with a pair of texts in, a JSON line with the verdict out.

Run by its path, without rlvr: it imports math-verify alone. Two limits of processor time guard every pair: a timer that
raises between two Python operations, and, a second later, the kernel's limit, which ends the process inside C code too.
An orphan ends at the end of its input, at the latest with its limit.

What was read lately is remembered: a benchmark's two rules, and the samples of a row, ask about the same gold answer,
and right answers are written as it is. Reading depends on the text alone and expressions never change, so this saves
time and alters no verdict.
"""

import json
import logging
import math
import os
import resource
import signal
import sys
from functools import lru_cache
from types import FrameType
from typing import Any

MEMORY_BYTES = 4 * 2**30
"""Address space of the process, far above what any sensible expression needs."""


REMEMBERED_TEXTS, REMEMBERED_FORMULAS = 512, 4096
"""Texts and formulas whose expressions are remembered; math-verify itself keeps 20 formulas."""

DEFAULT = [[["latex", "expr"], []]] * 2
"""How the two texts are read where a question does not say."""


Read = tuple[tuple[Any, ...], tuple[str, ...]]
"""What was read in a text, best first, and the same as texts."""


class OutOfTime(BaseException):
    """Not an Exception, so that no handler inside sympy takes it for an ordinary failure."""


def main(cpu_seconds: float) -> None:
    """Answer until the input ends."""
    # Nothing that a library prints may get between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    import math_verify.parser
    import sympy  # type: ignore[import-untyped]
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, StringExtractionConfig, parse, verify

    logging.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent; the end of input follows
    signal.signal(signal.SIGPROF, _out_of_time)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))

    if kept := getattr(math_verify.parser, "parse_latex_cached", None):
        larger = lru_cache(maxsize=REMEMBERED_FORMULAS)(getattr(kept, "__wrapped__", kept))
        math_verify.parser.parse_latex_cached = larger

    @lru_cache(maxsize=REMEMBERED_TEXTS)
    def read(text: str, targets: tuple[str, ...], strings: tuple[str, ...]) -> Read:
        kinds = {"latex": LatexExtractionConfig, "expr": ExprExtractionConfig}
        wanted = [kinds[name]() if name in kinds else StringExtractionConfig(strings) for name in targets]
        found = parse(text, extraction_config=wanted, parsing_timeout=None)
        return tuple(found), tuple(map(as_text, found))

    def compare(pair: dict[str, Any]) -> None:
        # No limits of math-verify's own: they measure the clock.
        constant = pair.get("pi")
        readings = zip(pair["texts"], pair.get("readings", DEFAULT), strict=True)
        both = [read(text, tuple(targets), tuple(strings)) for text, (targets, strings) in readings]
        if constant is not None:
            both = [with_constant(expressions, constant) for expressions, _ in both]
        (prediction, _), (truth, _) = both
        order = (truth, prediction) if pair.get("truth_first") else (prediction, truth)
        rounding = pair.get("rounding", 6)
        result["equal"] = bool(verify(*map(list, order), float_rounding=rounding, timeout_seconds=None))
        result["read"] = [texts for _, texts in both]

    def with_constant(expressions: tuple[Any, ...], constant: float) -> Read:
        first = expressions[0].subs(sympy.pi, constant)
        return (first, *expressions[1:]), (as_text(first), *map(as_text, expressions[1:]))

    def as_text(part: Any) -> str:
        try:
            return str(part)
        except ValueError:  # Python does not print integers of thousands of digits
            return "?"

    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        result: dict[str, Any] = {"equal": False, "read": [[], []], "failed": False}
        _limit(cpu_seconds)
        try:
            compare(json.loads(line))
        except (Exception, OutOfTime):
            result["failed"] = True
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps(result), file=answers, flush=True)


def _limit(cpu_seconds: float) -> None:
    """Start both clocks for one pair."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    ceiling = math.ceil(used.ru_utime + used.ru_stime + cpu_seconds + 1)
    resource.setrlimit(resource.RLIMIT_CPU, (ceiling, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)


def _out_of_time(signum: int, frame: FrameType | None) -> None:
    raise OutOfTime


if __name__ == "__main__":
    main(float(sys.argv[1]))
