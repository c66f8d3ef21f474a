"""The smallest RL and SFT stages, to be disturbed."""

import json
from dataclasses import replace
from pathlib import Path

from rlvr import sft
from rlvr.canonical import plain
from rlvr.rl import train as rl
from rlvr.store import manifest_of
from rlvr.training import Faults, Optimiser, Scale, Sft

SFT = Sft(optimiser=Optimiser(learning_rate=1e-3), steps=4, batch_size=4, checkpoint_every=1)


def grpo_stage(method, **faults):
    """Four steps, a checkpoint after each."""
    return replace(method.stages[0], checkpoint_every=1, faults=Faults(**faults))


def sft_stage(**faults):
    return replace(SFT, faults=Faults(**faults))


def train(stage, method, base, rows, folder, *, tasks=None, checkpoints=None, seed=0, scale=None):
    """Train a stage into `folder` and return the digest of its model."""
    body = sft.train if isinstance(stage, Sft) else rl.train
    body(
        stage=plain(stage),
        tasks=[plain(task) for task in tasks or method.tasks],
        precision="float32",
        scale=plain(scale or Scale()),
        seed=seed,
        base=base,
        rows=rows,
        checkpoints=checkpoints,
        model=folder / "model",
        log=folder / "log",
    )
    return manifest_of(folder / "model").digest


def metrics(folder: Path, stage: str = "grpo"):
    return [json.loads(line) for line in (folder / "log" / stage / "metrics.jsonl").read_text().splitlines()]


def notes(path: Path):
    """What a stage told whoever watches."""
    return [note for line in path.read_text().splitlines() if (note := json.loads(line).get("note"))]
