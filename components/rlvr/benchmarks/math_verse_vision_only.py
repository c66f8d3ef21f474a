"""MathVerse testmini's 788 problems whose question stands in the picture alone: scored as `math_verse`."""

from dataclasses import replace

from rlvr.benchmarks import math_verse
from rlvr.datasets import math_verse as rows

BENCHMARK = replace(
    math_verse.BENCHMARK,
    name="math_verse_vision_only",
    title="MathVerse testmini (vision only)",
    source=rows.VISION_ONLY,
    cluster_by=None,
)
