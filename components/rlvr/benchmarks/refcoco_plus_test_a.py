"""RefCOCO+ testA, phrases for people without words of place: scored as `refcoco_val`; no figures."""

from dataclasses import replace

from rlvr.benchmarks import refcoco_val
from rlvr.datasets import refcoco_parquet

BENCHMARK = replace(
    refcoco_val.BENCHMARK,
    name="refcoco_plus_test_a",
    title="RefCOCO+ testA",
    source=refcoco_parquet.PLUS_TEST_A,
    published=(),
)
