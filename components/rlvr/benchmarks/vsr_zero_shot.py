"""VSR's zero-shot test split, 1,222 rows: scored as `vsr`."""

from dataclasses import replace

from rlvr.benchmarks import vsr
from rlvr.datasets import vsr as rows

BENCHMARK = replace(vsr.BENCHMARK, name="vsr_zero_shot", title="VSR zero-shot", source=rows.ZERO_SHOT)
