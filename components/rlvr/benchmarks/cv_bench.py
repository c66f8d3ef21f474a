"""CV-Bench as VisualThinker-R1-Zero scores it: greedy, 1,024 tokens, letter or text of the option."""

from rlvr.benchmarks.benchmark import Benchmark, Published
from rlvr.datasets import cv_bench
from rlvr.prompts import Prompt
from rlvr.scoring import cv_bench as scoring
from rlvr.training import Sampling

PAPER = "arXiv 2503.05132, CV-Bench table (total)"

BENCHMARK = Benchmark(
    name="cv_bench",
    title="CV-Bench",
    source=cv_bench.TEST,
    prompt=Prompt(
        template="{question} Reason inside <think> </think>, then give the option inside <answer> </answer>."
    ),
    sampling=Sampling(temperature=0.0, max_new_tokens=1024),
    published_rule=scoring.published,
    strict_rule=scoring.strict,
    published=(
        Published(model="Qwen2-VL-2B-Instruct", role="base", score_percent=55.64, rows=2638, source=PAPER),
        Published(
            model="Qwen2-VL-2B-Instruct + GRPO, reasoning prompt",
            role="tuned",
            score_percent=66.03,
            rows=2638,
            source=PAPER,
        ),
    ),
)
"""For instruct models; base models have a prompt of their own in the method file."""
