"""DREAM-1K: descriptions of videos, scored by the events that they tell; words stand in where no judge is asked.

VideoChat-R1 prints figures for a captioning model that it trained on Qwen2-VL-7B (its reward and data are not
published), scored by a language model. The prompt's wording is ours.
"""

from dataclasses import replace

from rlvr.benchmarks import charades_sta
from rlvr.benchmarks.benchmark import Published
from rlvr.datasets import dream_1k
from rlvr.prompts import Prompt
from rlvr.scoring import told_events

PROMPT = Prompt(template="{question} Give the description inside <answer> </answer>.", media="after")

TEXT = "arXiv 2504.06958 v5 (DREAM-1K, F1 of events)"
CAPTIONS = "a captioning model that was trained on Qwen2-VL-7B"

BENCHMARK = replace(
    charades_sta.BENCHMARK,
    name="dream_1k",
    title="DREAM-1K",
    source=dream_1k.TEST,
    prompt=PROMPT,
    published_rule=told_events.published,
    strict_rule=told_events.strict,
    judge_rule=told_events.JUDGE,
    recall_at=(),
    published=(
        Published(
            model="Qwen2-VL-7B", role="base", score_percent=30.6, rows=1000, source=TEXT, judged=True, split=CAPTIONS
        ),
        Published(
            model="VideoChat-R1 captions",
            role="tuned",
            score_percent=38.2,
            rows=1000,
            source=TEXT,
            judged=True,
            split=CAPTIONS,
        ),
    ),
)
