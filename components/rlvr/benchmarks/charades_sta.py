"""Charades-STA, test part: mean overlap (mIoU) with R@0.3, R@0.5 and R@0.7, and R@0.5 as a number of its own.

Several questions are about one video, so intervals are clustered by video.

VideoChat-R1 evaluates at two frames a second, at most 768, with 3,584 tokens a video (OpenGVLab/VideoChat-R1@73b2ea9
src_eval/my_qwen_utils.py), and up to 2,048 new tokens.
"""

from dataclasses import replace

from rlvr.benchmarks.benchmark import VIDEO, Benchmark, Published
from rlvr.datasets import charades_sta
from rlvr.prompts import Prompt
from rlvr.scoring import video_answers
from rlvr.training import Sampling

MAX_VIDEO_PIXELS = 2 * 3584 * 28 * 28
"""Area of all frames together: 3,584 tokens of 28 x 28 pixels, each of which covers two frames."""

PROMPT = Prompt(
    template=(
        'When does "{question}" happen in the video? Reason inside <think> </think>, with times inside <timestep> '
        '</timestep>, then give "start to end" in seconds, two decimals each, inside <answer> </answer>.'
    ),
    media="after",
)
"""The grounding contract: text before the video, tags and answer format are upstream's, the wording is ours."""

TABLE = "arXiv 2504.06958 v5, table 1"

BENCHMARK = Benchmark(
    name="charades_sta",
    title="Charades-STA test (mIoU)",
    source=charades_sta.TEST,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=2048),
    frames_per_second=2.0,
    max_frames=768,
    max_video_pixels=MAX_VIDEO_PIXELS,
    published_rule=video_answers.span_published,
    strict_rule=video_answers.span_strict,
    cluster_by=VIDEO,
    recall_at=(0.3, 0.5, 0.7),
    published=(
        Published(model="Qwen2.5-VL-7B-Instruct", role="base", score_percent=29.0, rows=3720, source=TABLE),
        Published(model="fine-tuned on grounding", role="sft", score_percent=46.3, rows=3720, source=TABLE),
        Published(model="VideoChat-R1", role="tuned", score_percent=60.8, rows=3720, source=TABLE),
        Published(model="VideoChat-R1-thinking", role="tuned", score_percent=59.9, rows=3720, source=TABLE),
    ),
)

RECALL = replace(
    BENCHMARK,
    name="charades_sta_recall",
    title="Charades-STA test (R@0.5)",
    published_rule=video_answers.recall_published,
    strict_rule=video_answers.recall_strict,
    recall_at=(),
    published=(
        Published(model="Qwen2.5-VL-7B-Instruct", role="base", score_percent=24.2, rows=3720, source=TABLE),
        Published(model="fine-tuned on grounding", role="sft", score_percent=45.0, rows=3720, source=TABLE),
        Published(model="VideoChat-R1", role="tuned", score_percent=71.7, rows=3720, source=TABLE),
        Published(model="VideoChat-R1-thinking", role="tuned", score_percent=70.6, rows=3720, source=TABLE),
    ),
)
