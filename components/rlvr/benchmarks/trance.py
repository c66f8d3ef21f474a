"""TRANCE as Reason-RFT scores it: 1,000 rows, a mean of partial credit and no accuracy."""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.reason_rft_sampling import SAMPLING
from rlvr.datasets import trance
from rlvr.prompts import Prompt
from rlvr.scoring import reason_rft

PROMPT = Prompt(
    template=(
        "{question} Use change_size (small, medium, large), change_color (red, green, blue, yellow, gray, brown, "
        "purple, cyan), change_material (rubber, metal, glass), change_shape (cube, sphere, cylinder) and "
        "change_position (front, behind, left, right, front_left, front_right, behind_left, behind_right) as "
        "function(object, value), 1 to 4 of them. Reason inside <think> </think>, answer inside <answer> </answer>."
    )
)
"""The transformation task's contract: functions, their closed lists of values and tags are upstream's, the wording is
ours."""

BENCHMARK = Benchmark(
    name="trance",
    title="TRANCE",
    source=trance.TEST,
    prompt=PROMPT,
    sampling=SAMPLING,
    published_rule=reason_rft.trance_published,
    strict_rule=reason_rft.trance_strict,
)
