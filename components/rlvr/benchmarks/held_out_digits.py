"""Held-out handwritten digits for r1-vlm: the training correctness rule on pictures of scans that training never sees.

Upstream publishes no evaluation of its digit task, only a training curve that ends near 0.97 after about 500 steps.
"""

from rlvr.benchmarks.benchmark import Benchmark, Published
from rlvr.datasets import digit_recognition
from rlvr.prompts import Prompt
from rlvr.scoring import exact
from rlvr.training import Sampling

PROMPT = Prompt(
    system="You are a helpful assistant.",
    template=(
        "{question} Reason inside <think> </think>, then answer inside <answer> </answer>: "
        "a list as [1, 2], a sum as a plain number."
    ),
    prefill="Let me solve this step by step.\n<think>",
)
"""The digit task's contract: tags, answer formats and the prefilled opening are upstream's, the wording is ours."""

BENCHMARK = Benchmark(
    name="held_out_digits",
    title="Held-out handwritten digits",
    source=digit_recognition.TEST,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=512),
    published_rule=exact.digits_published,
    strict_rule=exact.digits_strict,
    published=(
        Published(
            model="r1-vlm, digits, about 500 steps",
            role="tuned",
            score_percent=97.0,
            rows=None,
            source="training curve in the README@d87e650, read off; not an evaluation set",
        ),
    ),
)
