"""VidTAB, video quality, as VideoChat-R1 scores it: the answer tag is the label."""

from dataclasses import replace

from rlvr.benchmarks import charades_sta
from rlvr.benchmarks.benchmark import Published
from rlvr.datasets import vidtab_quality
from rlvr.prompts import Prompt
from rlvr.scoring import video_answers

PROMPT = Prompt(
    template="{question} Reason inside <think> </think>, then give the label inside <answer> </answer>.", media="after"
)
"""A label: text before the video, tags are upstream's, the wording is ours."""

TEXT = "arXiv 2504.06958 v5 (VidTAB-QA; number of rows not stated)"

BENCHMARK = replace(
    charades_sta.BENCHMARK,
    name="vidtab_quality",
    title="VidTAB quality",
    source=vidtab_quality.TEST,
    prompt=PROMPT,
    published_rule=video_answers.label_published,
    strict_rule=video_answers.label_strict,
    recall_at=(),
    published=(
        Published(model="Qwen2.5-VL-7B-Instruct", role="base", score_percent=70.7, rows=None, source=TEXT),
        Published(model="fine-tuned", role="sft", score_percent=71.7, rows=None, source=TEXT),
        Published(model="VideoChat-R1", role="tuned", score_percent=72.6, rows=None, source=TEXT),
    ),
)
