"""RefGTA, rendered scenes that are unlike the training pictures: scored as `refcoco_val`."""

from dataclasses import replace

from rlvr.benchmarks import refcoco_val
from rlvr.datasets import refcoco

BENCHMARK = replace(refcoco_val.BENCHMARK, name="refgta", title="RefGTA", source=refcoco.REFGTA)
