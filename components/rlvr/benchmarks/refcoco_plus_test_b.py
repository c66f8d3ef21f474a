"""RefCOCO+ testB, phrases for other things without words of place: scored as `refcoco_val`; no figures."""

from dataclasses import replace

from rlvr.benchmarks import refcoco_val
from rlvr.datasets import refcoco_parquet

BENCHMARK = replace(
    refcoco_val.BENCHMARK,
    name="refcoco_plus_test_b",
    title="RefCOCO+ testB",
    source=refcoco_parquet.PLUS_TEST_B,
    published=(),
)
