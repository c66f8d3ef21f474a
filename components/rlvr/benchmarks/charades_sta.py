"""Charades-STA, test part: mean overlap (mIoU) with R@0.3, R@0.5 and R@0.7.

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
DETAIL = "arXiv 2504.06958 v5, temporal grounding in detail"


def printed(
    model: str, role: str, rows: int, score_percent: float, *, source: str = TABLE, **recalls: float
) -> tuple[Published, ...]:
    """A model's mIoU, and `r5=24.2` for its R@0.5 and so on; all in per cent."""
    score = Published(model=model, role=role, score_percent=score_percent, rows=rows, source=source)
    return (
        score,
        *(replace(score, score_percent=found, recall_at=int(name[1:]) / 10) for name, found in recalls.items()),
    )


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
        *printed("Qwen2.5-VL-7B-Instruct", "base", 3720, 29.0, r5=24.2, r7=11.1),
        *printed("fine-tuned on grounding", "sft", 3720, 46.3, r5=45.0, r7=25.3),
        *printed("VideoChat-R1", "tuned", 3720, 60.8, r5=71.7, r7=50.2),
        *printed("VideoChat-R1-thinking", "tuned", 3720, 59.9, r5=70.6, r7=47.2),
        *printed("Qwen2.5-VL-7B-Instruct", "base", 3720, 29.0, source=DETAIL, r3=44.7)[1:],
        *printed("fine-tuned on grounding", "sft", 3720, 46.3, source=DETAIL, r3=63.9)[1:],
    ),
)

RECALL = replace(
    BENCHMARK,
    name="charades_sta_recall",
    title="Charades-STA test (R@0.5)",
    published_rule=video_answers.recall_published,
    strict_rule=video_answers.recall_strict,
    recall_at=(),
    published=tuple(
        replace(number, recall_at=None) for number in BENCHMARK.published if number.recall_at == video_answers.RECALL_AT
    ),
)
"""R@0.5 as a score of its own, with its paired gain; `BENCHMARK` has it beside mIoU from one set of replies."""
