"""BLINK validation, all fourteen kinds, asked and scored as VisualThinker-R1-Zero does CV-Bench.

Upstream's script for BLINK is not published; greedy decoding, 1,024 tokens and the rule are those of its CV-Bench.
"""

from dataclasses import replace

from rlvr.benchmarks import cv_bench
from rlvr.datasets import blink

BENCHMARK = replace(cv_bench.BENCHMARK, name="blink", title="BLINK validation", source=blink.VALIDATION, published=())
