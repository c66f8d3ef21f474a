"""MetaSpatial's test rooms, scored by its own reward parts without the judge.

Table 1 of arXiv 2503.18470 prints format, GPT-4o (sum of grades over 50), collisions, constraints and Overall = 0.5
format + GPT-4o - 0.2 collisions - 0.2 constraints. A scorer here cannot ask a judge, so the published numbers are what
Table 1's other columns come to without it, on the scale of `scoring.layout.published`; the printed columns stand beside
each. Decoding is greedy, as in upstream's validation; the paper does not state it.
"""

from dataclasses import replace

from rlvr.benchmarks.benchmark import Benchmark, Published
from rlvr.datasets import room_layouts
from rlvr.prompts import Prompt
from rlvr.scoring import layout
from rlvr.training import Sampling

PROMPT = Prompt(
    system="Reason inside <think> </think> first, then answer inside <answer> </answer>.",
    template=(
        "Furnish the room in the picture. Origin: its south-west corner; x east, y north, z up, metres. Give each "
        "object's centre: no collisions, all relations kept.\n{question}\n"
        "Answer: a JSON list of new_object_id, x, y, z."
    ),
)
"""Tags, keys and frame are upstream's; its own worked example is no valid JSON and is left out."""


def _without_judge(form: float, collisions: float, constraints: float) -> float:
    """Table 1's columns on the scale of `scoring.layout.published`, in per cent."""
    total = 0.5 * form - 0.2 * collisions - 0.2 * constraints
    return round(100 * (total - layout.WORST) / (layout.BEST - layout.WORST), 1)


BENCHMARK = Benchmark(
    name="room_layouts",
    title="3D layout reasoning",
    source=room_layouts.TEST,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=4000),
    published_rule=layout.published,
    strict_rule=layout.strict,
    published=(
        Published(
            model="Qwen2.5-VL-7B-Instruct",
            role="base",
            score_percent=_without_judge(0.85, 0.382, 0.955),
            rows=None,
            source="Table 1: format 0.85, GPT-4o 0.35, collisions 38.2 %, constraints 95.5 %, Overall 0.51; derived",
        ),
        Published(
            model="MetaSpatial 7B",
            role="tuned",
            score_percent=_without_judge(0.98, 0.137, 0.762),
            rows=None,
            source="Table 1: format 0.98, GPT-4o 0.58, collisions 13.7 %, constraints 76.2 %, Overall 0.89; derived",
        ),
    ),
)
"""With the figures of 7B parameters."""

SMALL = replace(
    BENCHMARK,
    published=(
        Published(
            model="Qwen2.5-VL-3B-Instruct",
            role="base",
            score_percent=_without_judge(0.12, 0.79, 1.0),
            rows=None,
            source="Table 1: format 0.12, GPT-4o 0.03, collisions 79.0 %, constraints 100 %, Overall -0.27; derived",
        ),
        Published(
            model="MetaSpatial 3B",
            role="tuned",
            score_percent=_without_judge(0.49, 0.685, 1.0),
            rows=None,
            source=(
                "Table 1: format 0.49, GPT-4o 0.18, collisions 68.5 %, constraints 100 %, Overall printed -0.09 "
                "(its columns give +0.09); derived"
            ),
        ),
    ),
)
"""With the figures of 3B parameters."""
