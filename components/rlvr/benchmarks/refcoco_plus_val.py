"""RefCOCO+ val, without words of place: scored as `refcoco_val`."""

from dataclasses import replace

from rlvr.benchmarks import refcoco_val
from rlvr.datasets import refcoco

BENCHMARK = replace(refcoco_val.BENCHMARK, name="refcoco_plus_val", title="RefCOCO+ val", source=refcoco.PLUS_VAL)
