"""Coded messages of one to three words, as r1-vlm's eval.py scores them: greedy, 512 tokens, message equality."""

from rlvr.benchmarks.benchmark import Benchmark, Published
from rlvr.datasets import message_decoding
from rlvr.prompts import Prompt
from rlvr.scoring import exact
from rlvr.training import Sampling

PROMPT = Prompt(
    system="You are a helpful assistant.",
    template=(
        "{question} The picture says what each letter stands for, and an underscore is a space. "
        "Reason inside <think> </think>, with the message spelt as <chars>i t _ i s</chars>, "
        "then give it inside <answer> </answer>."
    ),
    prefill="Let me solve this step by step.\n<think>",
)
"""The sequence task's contract: tags, spelling and the prefilled opening are upstream's, the wording is ours."""

BENCHMARK = Benchmark(
    name="decoded_sequences",
    title="Coded messages, test split",
    source=message_decoding.SEQUENCES_TEST,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=512),
    published_rule=exact.message_published,
    strict_rule=exact.message_strict,
    published=(
        Published(
            model="r1-vlm, Groundlight/message-decoding-r1",
            role="tuned",
            score_percent=96.0,
            rows=None,
            source="README@d87e650; its own split of the training rows",
        ),
    ),
)
