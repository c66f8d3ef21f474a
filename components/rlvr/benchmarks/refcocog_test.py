"""RefCOCOg test, longer phrases: scored as `refcoco_val`. VLM-R1 prints no figures for it."""

from dataclasses import replace

from rlvr.benchmarks import refcoco_val
from rlvr.datasets import refcoco_parquet

BENCHMARK = replace(
    refcoco_val.BENCHMARK, name="refcocog_test", title="RefCOCOg test", source=refcoco_parquet.G_TEST, published=()
)
