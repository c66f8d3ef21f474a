"""BLINK's questions which of two marked points is closer, 124 rows: scored as `blink`."""

from dataclasses import replace

from rlvr.benchmarks import blink
from rlvr.datasets import blink as rows

BENCHMARK = replace(
    blink.BENCHMARK, name="blink_relative_depth", title="BLINK relative depth", source=rows.RELATIVE_DEPTH
)
