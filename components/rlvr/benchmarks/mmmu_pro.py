"""MMMU-Pro, standard setting with ten options; publications often print the mean of this and the vision setting.

replace(mmmu_pro.BENCHMARK, prompt=Prompt(...), published=(...))
"""

from dataclasses import replace

from rlvr.benchmarks import mmmu_val
from rlvr.datasets import mmmu_pro

BENCHMARK = replace(
    mmmu_val.BENCHMARK, name="mmmu_pro", title="MMMU-Pro (standard, 10 options)", source=mmmu_pro.STANDARD
)
