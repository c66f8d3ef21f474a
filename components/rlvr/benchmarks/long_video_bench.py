"""LongVideoBench, validation part, asked once; letters scored as in NExT-GQA.

VideoChat-R1 prints a figure for a setting of its own, in which the model names the moments that it needs and answers
after a second look at them; prompts and code of it are not published.
"""

from dataclasses import replace

from rlvr.benchmarks import next_gqa
from rlvr.benchmarks.benchmark import Published
from rlvr.datasets import long_video_bench as rows

TEXT = "arXiv 2504.06958 v5 (LongVideoBench with clues; number of rows not stated)"
CLUES = "with clues: the model answers after a second look at the moments that it named"

BENCHMARK = replace(
    next_gqa.ACCURACY,
    name="long_video_bench",
    title="LongVideoBench (validation)",
    source=rows.VALIDATION,
    prompt=next_gqa.LETTER,
    published=(
        Published(model="Qwen2.5-VL-7B-Instruct", role="base", score_percent=51.9, rows=None, source=TEXT, split=CLUES),
        Published(model="VideoChat-R1", role="tuned", score_percent=58.2, rows=None, source=TEXT, split=CLUES),
    ),
)
