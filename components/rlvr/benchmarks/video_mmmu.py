"""Video-MMMU: 900 questions about 300 lectures, scored by MMMU's rules.

replace(video_mmmu.BENCHMARK, prompt=Prompt(...), published=(...))
"""

from dataclasses import replace

from rlvr.benchmarks import mmmu_val
from rlvr.datasets import video_mmmu

BENCHMARK = replace(mmmu_val.BENCHMARK, name="video_mmmu", title="Video-MMMU", source=video_mmmu.TEST)
