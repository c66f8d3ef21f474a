"""Video-MME's short videos without subtitles, as VideoChat-R1 prints them; letters scored as in NExT-GQA.

Its prompt for these sets is not published: the one of its questions without moments stands for it.
"""

from dataclasses import replace

from rlvr.benchmarks import charades_sta, next_gqa
from rlvr.benchmarks.benchmark import Published
from rlvr.datasets import video_mme

BENCHMARK = replace(
    next_gqa.ACCURACY,
    name="video_mme_short",
    title="Video-MME (short videos)",
    source=video_mme.SHORT,
    prompt=next_gqa.LETTER,
    published=(
        Published(
            model="Qwen2.5-VL-7B-Instruct", role="base", score_percent=71.3, rows=None, source=charades_sta.TABLE
        ),
        Published(model="fine-tuned on NExT-GQA", role="sft", score_percent=60.1, rows=None, source=charades_sta.TABLE),
        Published(model="VideoChat-R1", role="tuned", score_percent=72.2, rows=None, source=charades_sta.TABLE),
        Published(
            model="VideoChat-R1-thinking", role="tuned", score_percent=74.2, rows=None, source=charades_sta.TABLE
        ),
    ),
)
