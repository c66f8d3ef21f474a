"""A whole small run in a process of its own: `python whole_run.py HOME STORE PROCESSES`.

ingest -> verify -> base -> sft -> grpo -> dpo -> evaluate tuned and base -> report, as `rlvr run` does it.
"""

import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console

import coin_reward
import cold_start
from rlvr.errors import RlvrError
from rlvr.method import Reward
from rlvr.overrides import apply
from rlvr.training import Dpo, Optimiser, Sampling, Scale, Sft
from rlvr_pipelines.local import run
from rlvr_pipelines.methods import METHODS
from rlvr_pipelines.profiles import Profile
from rlvr_pipelines.progress_view import ProgressView
from small_settings import SMALL

OPTIMISER = Optimiser(learning_rate=1e-3)
SAMPLING = Sampling(max_new_tokens=16, stop_tokens=tuple("0123456789abcdef"))
NAME = "disturbed-test-seed0"
"""The run's folder below `runs/`."""


def method():
    """r1-vlm with a supervised stage before and DPO after it, as small as it gets."""
    published = METHODS["r1_vlm"]
    task = replace(
        published.tasks[0],
        source=replace(published.tasks[0].source, convert=cold_start.with_response),
        rewards=(Reward(function=coin_reward.right_or_heads, with_prefill=True),),
    )
    small = apply(
        replace(published, name="disturbed", tasks=(task,)),
        {
            **SMALL,
            "benchmarks.*.source.location": "synthetic",
            "benchmarks.*.source.limit": 16,
            "benchmarks.*.sampling.max_new_tokens": 16,
            "stages.*.prompts_per_step": 2,
            "stages.*.steps": 6,
            "stages.*.checkpoint_every": 1,
        },
    )
    (grpo,) = small.stages
    stages = (
        Sft(optimiser=OPTIMISER, steps=6, batch_size=4, checkpoint_every=1),
        replace(grpo, sampling=SAMPLING),
        Dpo(optimiser=OPTIMISER, steps=6, batch_size=4, checkpoint_every=1, samples=4, sampling=SAMPLING, ratio=1.2),
    )
    return replace(small, stages=stages, benchmarks=small.benchmarks[:1])


def main(home: str, store: str, processes: str) -> int:
    """Run it; the exit code."""
    profile = Profile(
        name="test", description="as it is", values={}, method_values={}, evaluation_batch=4,
        scale=Scale(micro_batch_tokens=4096, processes=int(processes)),
    )  # fmt: skip
    view = ProgressView(Console(file=sys.stdout, width=200))
    try:
        run(method(), profile, home=Path(home), store=store, seed=0, view=view)
    except RlvrError as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
