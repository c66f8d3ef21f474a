"""CLEVR-Math as Reason-RFT scores it: 1,000 rows from the training distribution."""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.reason_rft_sampling import SAMPLING
from rlvr.datasets import clevr_math
from rlvr.prompts import Prompt
from rlvr.scoring import reason_rft

PROMPT = Prompt(
    template="{question} First reason inside <think> </think>, then give the number inside <answer> </answer>."
)
"""The counting task's contract: tags and the numeric answer are upstream's, the wording is ours."""

BENCHMARK = Benchmark(
    name="clevr_math",
    title="CLEVR-Math",
    source=clevr_math.TEST,
    prompt=PROMPT,
    sampling=SAMPLING,
    published_rule=reason_rft.answer_published,
    strict_rule=reason_rft.answer_strict,
)
