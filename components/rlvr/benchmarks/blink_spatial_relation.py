"""BLINK's statements about where a thing is, 143 rows: scored as `blink`."""

from dataclasses import replace

from rlvr.benchmarks import blink
from rlvr.datasets import blink as rows

BENCHMARK = replace(
    blink.BENCHMARK, name="blink_spatial_relation", title="BLINK spatial relation", source=rows.SPATIAL_RELATION
)
