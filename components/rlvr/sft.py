"""Supervised fine-tuning on reference responses, on the same packed forward pass as RL."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from rlvr.backbones.checkpoint import load_model, load_processor
from rlvr.backbones.vocabulary import require_vocabulary
from rlvr.canonical import load
from rlvr.checkpoints import Checkpoints
from rlvr.data.rows import Row, read
from rlvr.errors import RlvrError
from rlvr.method import Task
from rlvr.progress import report
from rlvr.prompts import Prompt
from rlvr.rl.encoding import EncodedPrompt, Encoder
from rlvr.rl.engine import Engine, make_engine, write_model
from rlvr.rl.log import TrainingLog, extend
from rlvr.rl.made_for import MadeFor
from rlvr.rl.offline import Example, Examples, Objective, Shares, optimise, summary
from rlvr.rl.policy import Policy
from rlvr.rl.samplers import steps_of
from rlvr.rl.update_check import require_possible
from rlvr.training import Scale, Sft

ONE_PROCESS = Scale()
"""Plain torch in this process."""


def train(
    *,
    stage: dict[str, Any],
    tasks: list[dict[str, Any]],
    precision: str,
    scale: dict[str, Any] | None = None,
    seed: int,
    base: Path,
    rows: Path,
    previous: Path | None = None,
    checkpoints: Checkpoints | None = None,
    model: Path,
    log: Path,
) -> None:
    """Train `base` on the `response` of every row; writes the checkpoint to `model` and the training log to `log`.

    `stage` is an `Sft`, `tasks` are `Task`s and `scale` is a `Scale` as JSON. With `checkpoints` a restarted stage
    goes on from its newest checkpoint and, on the CPU, ends with the same bytes as an undisturbed one.
    """
    settings = load(Sft, stage)
    chosen = [load(Task, task) for task in tasks if not settings.tasks or task["name"] in settings.tasks]
    data = read(rows, [task.name for task in chosen])
    if not data:
        raise RlvrError(f"Stage {settings.name}: the data set holds no rows of tasks {[task.name for task in chosen]}.")
    if lacking := [row["row_id"] for row in data if not row.get("response")]:
        raise RlvrError(
            f"Stage {settings.name}: {len(lacking)} of {len(data)} rows have no reference response, among them "
            f"{', '.join(lacking[:3])}. Name a task whose source has one, or take the stage out."
        )
    processor = load_processor(base)
    engine, done = fit(
        load_model(base, precision),
        processor,
        data,
        {task.name: task.prompt for task in chosen},
        settings,
        seed=seed,
        scale=load(Scale, scale or {}),
        checkpoints=checkpoints,
        folder=log / settings.name,
        watch=lambda step, total, loss: report(settings.name, step, total, loss=loss),
    )
    write_model(engine, processor, model)
    if engine.world.main:
        extend(previous, settings.name, done, summary("Sft", done), log)


def fit(
    network: Any,
    processor: Any,
    rows: Sequence[Row],
    prompts: Mapping[str, Prompt],
    settings: Sft,
    *,
    seed: int,
    scale: Scale = ONE_PROCESS,
    checkpoints: Checkpoints | None = None,
    folder: Path | None = None,
    watch: Callable[[int, int, float], None] = lambda step, total, loss: None,
) -> tuple[Engine, TrainingLog]:
    """Minimise the mean negative log-prob a learnt token, in place.

    Returns the engine that holds the trained weights, and the log, which is written to `folder` as it grows.
    """
    require_possible(settings.faults, scale, settings.name)
    require_vocabulary(network, processor, network.config.name_or_path or "the start model")
    encoder = Encoder(processor, prompts)

    def make(number: int) -> tuple[EncodedPrompt, tuple[torch.Tensor, ...]]:
        row = rows[number]
        return encoder.prompt(row), (encoder.response(row, row["response"] or ""),)

    total = steps_of(settings.epochs, settings.steps, len(rows), settings.batch_size)
    torch.manual_seed(seed)  # adapters start with random weights
    engine = make_engine(
        Policy(network), settings.optimiser, total, scale, freeze_vision=settings.freeze_vision, lora=settings.lora
    )
    log = optimise(
        engine,
        Examples(len(rows), make),
        negative_log_likelihood(everything=settings.loss_on == "everything"),
        label=settings.name,
        total=total,
        batch_size=settings.batch_size,
        micro_batch_tokens=scale.micro_batch_tokens,
        checkpoint_every=settings.checkpoint_every,
        faults=settings.faults,
        seed=seed,
        made_for=MadeFor.of(settings, [], rows, seed, engine.world.size),
        checkpoints=checkpoints,
        folder=folder,
        watch=lambda step, total, metrics: watch(step, total, metrics["loss"]),
    )
    return engine, log


def negative_log_likelihood(*, everything: bool = False) -> Objective:
    """Mean over a batch's response tokens; with `everything` over the prompts' text tokens too.

    A prompt's first token and its pictures are never learnt.
    """

    def learnt(example: Example) -> int:
        own = int((example.prompt.token_types[1:] == 0).sum()) if everything else 0
        return example.response_tokens + own

    def objective(policy: Any, part: Sequence[Example], batch: Sequence[Example]) -> Shares:
        prompts, responses = [example.prompt for example in part], [example.responses for example in part]
        logprobs = policy(prompts, responses, prompts_too=everything)
        if everything:
            logprobs = torch.cat(logprobs)
        return -(logprobs.sum() / sum(map(learnt, batch))), {}

    return objective
