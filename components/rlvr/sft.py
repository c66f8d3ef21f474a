"""Supervised fine-tuning on reference responses, on the same packed forward pass as RL."""

import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_model as load_weights
from safetensors.torch import save_model

from rlvr.backbones.checkpoint import load_model, load_processor
from rlvr.canonical import load
from rlvr.checkpoints import Checkpoints
from rlvr.data.rows import Row, read
from rlvr.errors import RlvrError
from rlvr.method import Task
from rlvr.progress import report
from rlvr.prompts import Prompt
from rlvr.rl.encoding import EncodedPrompt, Encoder
from rlvr.rl.hardware import hardware, peak_memory_bytes
from rlvr.rl.log import TrainingLog, extend
from rlvr.rl.optimiser import Stepper
from rlvr.rl.policy import Policy
from rlvr.rl.samplers import UniformSampler, steps_of
from rlvr.training import Sft


def train(
    *,
    stage: dict[str, Any],
    tasks: list[dict[str, Any]],
    precision: str,
    seed: int,
    base: Path,
    rows: Path,
    previous: Path | None = None,
    checkpoints: Checkpoints | None = None,
    model: Path,
    log: Path,
) -> None:
    """Train `base` on the `response` of every row; writes the checkpoint to `model` and the training log to `log`."""
    settings = load(Sft, stage)
    chosen = [load(Task, task) for task in tasks if not settings.tasks or task["name"] in settings.tasks]
    data = read(rows, [task.name for task in chosen])
    if lacking := [row["row_id"] for row in data if not row.get("response")]:
        raise RlvrError(
            f"Stage {settings.name}: {len(lacking)} of {len(data)} rows have no reference response, among them "
            f"{', '.join(lacking[:3])}. Name a task whose source has one, or take the stage out."
        )
    processor, network = load_processor(base), load_model(base, precision)
    done = fit(
        network,
        processor,
        data,
        {task.name: task.prompt for task in chosen},
        settings,
        seed=seed,
        checkpoints=checkpoints,
        watch=lambda step, total, loss: report(settings.name, step, total, loss=loss),
    )
    network.save_pretrained(model)
    processor.save_pretrained(model)
    summary = {
        "kind": "Sft",
        "steps": len(done.metrics),
        "seconds": sum(line["seconds"] for line in done.metrics),
        "response_tokens": sum(line["response_tokens"] for line in done.metrics),
        "peak_memory_bytes": peak_memory_bytes(),
        "hardware": hardware(),
    }
    extend(previous, settings.name, done, summary, log)


def fit(
    network: Any,
    processor: Any,
    rows: Sequence[Row],
    prompts: Mapping[str, Prompt],
    settings: Sft,
    *,
    seed: int,
    checkpoints: Checkpoints | None = None,
    watch: Callable[[int, int, float], None] = lambda step, total, loss: None,
) -> TrainingLog:
    """Minimise the mean negative log-prob a response token, in place; returns the log."""
    policy, encoder = Policy(network), Encoder(processor, prompts)
    total = steps_of(settings.epochs, settings.steps, len(rows), settings.batch_size)
    stepper = Stepper(network, settings.optimiser, total, freeze_vision=settings.freeze_vision)
    sampler = UniformSampler(rows=len(rows), per_step=settings.batch_size, seed=seed)
    log, start = _resume(network, stepper, checkpoints)
    encoded: dict[int, tuple[EncodedPrompt, torch.Tensor]] = {}
    for step in range(start, total):
        began = time.perf_counter()
        batch = []
        for index in sampler.indices(step):
            if index not in encoded:
                row = rows[index]
                encoded[index] = (encoder.prompt(row), encoder.response(row, row["response"] or ""))
            batch.append(encoded[index])
        logprobs = policy([prompt for prompt, _ in batch], [[response] for _, response in batch])
        loss = -logprobs.mean()
        loss.backward()
        norm, value = stepper.step(step), float(loss.detach())
        log.metrics.append(
            {
                "step": step + 1,
                "loss": value,
                "grad_norm": norm,
                "learning_rate": stepper.learning_rate(step),
                "seconds": time.perf_counter() - began,
                "response_tokens": len(logprobs),
            }
        )
        watch(step + 1, total, value)
        if checkpoints and (step + 1) % settings.checkpoint_every == 0 and step + 1 < total:
            _save(network, stepper, log, step + 1, checkpoints)
    return log


def _save(network: Any, stepper: Stepper, log: TrainingLog, step: int, checkpoints: Checkpoints) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_model(network, str(folder / "policy.safetensors"))
        stepper.save(folder)
        log.write(folder / "log")
        (folder / "state.json").write_text(json.dumps({"step": step}))
        checkpoints.save(step, folder)


def _resume(network: Any, stepper: Stepper, checkpoints: Checkpoints | None) -> tuple[TrainingLog, int]:
    found = checkpoints.latest() if checkpoints else None
    if found is None:
        return TrainingLog(), 0
    step, folder = found
    load_weights(network, folder / "policy.safetensors")
    stepper.load(folder)
    return TrainingLog.read(folder / "log"), step
