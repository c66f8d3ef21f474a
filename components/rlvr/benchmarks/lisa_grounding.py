"""LISA-Grounding, whose questions need reasoning: scored as `refcoco_val`."""

from dataclasses import replace

from rlvr.benchmarks import refcoco_val
from rlvr.datasets import refcoco

BENCHMARK = replace(refcoco_val.BENCHMARK, name="lisa_grounding", title="LISA-Grounding test", source=refcoco.LISA)
