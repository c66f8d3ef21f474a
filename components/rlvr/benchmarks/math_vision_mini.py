"""MathVision testmini, 304 of the test rows: scored as `math_vision`, with intervals of 5 points."""

from dataclasses import replace

from rlvr.benchmarks import math_vision
from rlvr.datasets import math_vision as rows

BENCHMARK = replace(math_vision.BENCHMARK, name="math_vision_mini", title="MathVision testmini", source=rows.TESTMINI)
