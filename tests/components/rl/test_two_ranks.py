"""The whole RL stage in two processes gives what one process gives: plain, ZeRO-2 and ZeRO-3."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from rlvr.canonical import plain
from rlvr.launch import launch
from rlvr.rl.train import train
from rlvr.training import Loss, Scale


@pytest.fixture(scope="module")
def stage(digits_method):
    """Small updates: Adam divides by the gradient's size, so differences of rounding grow with the learning rate."""
    stage = digits_method.stages[0]
    loss = Loss(objective="clipped", kl_weight=0.04, normaliser="token_mean")
    optimiser = replace(stage.optimiser, learning_rate=1e-4)
    return replace(stage, steps=2, loss=loss, optimiser=optimiser, passes_per_step=2)


def run(stage, method, base, rows, folder, scale):
    launch(
        train,
        scale,
        stage=plain(stage),
        tasks=[plain(task) for task in method.tasks],
        precision="float32",
        scale=plain(scale),
        seed=0,
        base=base,
        rows=rows,
        model=folder / "model",
        log=folder / "log",
    )
    return load_file(folder / "model" / "model.safetensors")


@pytest.fixture(scope="module")
def alone(stage, digits_method, tiny_base, digit_rows, tmp_path_factory):
    return run(stage, digits_method, tiny_base, digit_rows, tmp_path_factory.mktemp("alone"), Scale())


@pytest.mark.parametrize("zero_stage", [0, 2, 3])
def test_two_ranks_train_as_one(zero_stage, alone, stage, digits_method, tiny_base, digit_rows, tmp_path):
    scale = Scale(processes=2, zero_stage=zero_stage, micro_batch_tokens=200)
    weights = run(stage, digits_method, tiny_base, digit_rows, tmp_path, scale)
    start = load_file(tiny_base / "model.safetensors")
    assert max(float((alone[name] - start[name]).abs().max()) for name in start) > 1e-4
    assert max(float((alone[name] - weights[name]).abs().max()) for name in start) < 1e-5
    assert {name: value.dtype for name, value in weights.items()} == {n: torch.float32 for n in start}
