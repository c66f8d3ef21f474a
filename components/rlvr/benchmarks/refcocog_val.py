"""RefCOCOg val, with long descriptions: scored as `refcoco_val`."""

from dataclasses import replace

from rlvr.benchmarks import refcoco_val
from rlvr.datasets import refcoco

BENCHMARK = replace(refcoco_val.BENCHMARK, name="refcocog_val", title="RefCOCOg val", source=refcoco.G_VAL)
