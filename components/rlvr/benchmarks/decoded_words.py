"""Held-out coded words for r1-vlm: its training correctness rule on words and mappings of our own.

Upstream publishes no evaluation of single words, only a training curve that ends near 0.97 after about 2,500 steps.
"""

from rlvr.benchmarks.benchmark import Benchmark, Published
from rlvr.datasets import message_decoding
from rlvr.prompts import Prompt
from rlvr.scoring import decoded_word
from rlvr.training import Sampling

PROMPT = Prompt(
    system="You are a helpful assistant.",
    template=(
        "{question} The picture says what each letter stands for. "
        "Reason inside <think> </think>, then give the word inside <answer> </answer>."
    ),
    prefill="Let me solve this step by step.\n<think>",
)
"""The word task's contract: tags and the prefilled opening are upstream's, the wording is ours."""

BENCHMARK = Benchmark(
    name="decoded_words",
    title="Held-out coded words",
    source=message_decoding.WORDS_TEST,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=512),
    published_rule=decoded_word.published,
    strict_rule=decoded_word.strict,
    published=(
        Published(
            model="r1-vlm, words, about 2,500 steps",
            role="tuned",
            score_percent=97.0,
            rows=None,
            source="training curve in the README@d87e650, read off; not an evaluation set",
        ),
    ),
)
