"""RefCOCO testB, phrases for other things: scored as `refcoco_val`. VLM-R1 prints no figures for it."""

from dataclasses import replace

from rlvr.benchmarks import refcoco_val
from rlvr.datasets import refcoco_parquet

BENCHMARK = replace(
    refcoco_val.BENCHMARK, name="refcoco_test_b", title="RefCOCO testB", source=refcoco_parquet.TEST_B, published=()
)
