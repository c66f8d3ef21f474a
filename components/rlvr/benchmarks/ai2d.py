"""AI2D, test part: a letter of the options, as MMMU's questions are asked and scored."""

from dataclasses import replace

from rlvr.benchmarks import mmmu_val
from rlvr.datasets import ai2d

BENCHMARK = replace(mmmu_val.BENCHMARK, name="ai2d", title="AI2D test", source=ai2d.TEST)
