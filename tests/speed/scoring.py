"""Scoring speed: rows a second of mathematical answers, by number of threads, each with a math-verify process.

    python tests/speed/scoring.py [--rows 100000]

Answers are all different, so that nothing comes from memory; a tenth is wrong, a tenth cannot be read. Beside it stands
math-verify called in this process, one row after the other, as most evaluations do.
"""

import argparse
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import environment  # noqa: F401  (one thread, no chatter)

from rlvr.benchmarks import geoqa_test
from rlvr.scoring import rules


def answers(count: int) -> tuple[list[str], list[str]]:
    """Completions and truths: fractions, degrees, roots and decimals, each with a few lines of reasoning."""
    rng = random.Random(0)
    completions, truths = [], []
    for number in range(count):
        value = number + 3
        truth = (f"{value}°", f"\\frac{{{value}}}{{7}}", f"{value}.25", f"2\\sqrt{{{value}}}")[number % 4]
        said = truth if number % 10 else str(value + 100_001)
        thoughts = f"<think> The angles sum to 180, so the rest is {rng.randint(1, 99)}. </think>"
        shown = "no idea" if number % 10 == 5 else f"${said}$"
        completions.append(f"{thoughts} <answer> {shown} </answer>")
        truths.append(truth if truth.endswith("°") else f"${truth}$")
    return completions, truths


def plain_seconds(completions: list[str], truths: list[str]) -> float:
    """math-verify in this process, without limits of time."""
    from math_verify import parse, verify

    started = time.perf_counter()
    for text, truth in zip(completions, truths, strict=True):
        verify(parse(text, parsing_timeout=None), parse(truth, parsing_timeout=None), timeout_seconds=None)
    return time.perf_counter() - started


def pooled_seconds(completions: list[str], truths: list[str]) -> tuple[float, int]:
    """Published rule of GeoQA by the package; also how many are right."""
    started = time.perf_counter()
    one = geoqa_test.BENCHMARK
    scores = rules.scored(one, completions, {"answer": truths})
    return time.perf_counter() - started, sum(score["published"] == 1.0 for score in scores)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--plain", type=int, default=2_000, help="rows of the comparison")
    chosen = parser.parse_args()
    completions, truths = answers(chosen.rows)
    pooled_seconds(*answers(64))  # starts the processes
    seconds, right = pooled_seconds(completions, truths)
    print(f"both rules, {chosen.rows} rows: {seconds:.1f} s, {chosen.rows / seconds:.0f} rows/s, {right} right")
    few = slice(0, chosen.plain)
    plain = plain_seconds(completions[few], truths[few])
    print(f"math-verify in one process, one rule, {chosen.plain} rows: {chosen.plain / plain:.0f} rows/s")


if __name__ == "__main__":
    main()
