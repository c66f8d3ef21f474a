"""MMMU-Pro, vision setting: question and options stand in the picture; scored as the standard setting.

Publications often print the mean of this and the standard setting.
"""

from dataclasses import replace

from rlvr.benchmarks import mmmu_pro
from rlvr.datasets import mmmu_pro as rows

BENCHMARK = replace(mmmu_pro.BENCHMARK, name="mmmu_pro_vision", title="MMMU-Pro (vision)", source=rows.VISION)
