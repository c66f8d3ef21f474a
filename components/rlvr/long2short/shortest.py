"""Shortest rejection sampling: fine-tuning on each row's shortest correct completion (Kimi k1.5 §2.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rlvr.backbones.checkpoint import load_model, load_processor
from rlvr.backbones.vocabulary import require_vocabulary
from rlvr.canonical import load
from rlvr.checkpoints import Checkpoints
from rlvr.data.rows import Row, read
from rlvr.errors import RlvrError
from rlvr.long2short.draw import Draw, beside, draw, lengths_and_correct
from rlvr.method import Task
from rlvr.progress import report
from rlvr.prompts import Prompt
from rlvr.rl.engine import write_model
from rlvr.rl.log import extend
from rlvr.rl.offline import summary
from rlvr.rl.policy import Policy
from rlvr.rl.preferences import shortest_correct
from rlvr.rl.train import rollout_engine
from rlvr.rl.update_check import require_possible
from rlvr.sft import fit
from rlvr.training import Scale, ShortestSft


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
    """Draw from `base`, fine-tune it on the shortest correct completions and write it to `model`.

    `stage` is a `ShortestSft`, `tasks` are `Task`s and `scale` is a `Scale` as JSON. The log in `log` holds the draws,
    too, and how many rows were left out because no completion was correct.
    """
    settings, spread = load(ShortestSft, stage), load(Scale, scale or {})
    names = settings.tasks or settings.fit.tasks
    chosen = [load(Task, task) for task in tasks if not names or task["name"] in names]
    prompts = {task.name: task.prompt for task in chosen}
    data = read(rows, list(prompts))
    if not data:
        raise RlvrError(f"Stage {settings.name}: the data set holds no rows of tasks {list(prompts)}.")
    require_possible(settings.fit.faults, spread, settings.name)
    processor, network = load_processor(base), load_model(base, precision)
    require_vocabulary(network, processor, base)
    rollout = rollout_engine(Policy(network), processor, base, precision, spread, data, longest=None)
    draws = draw(rollout, processor, data, chosen, settings, seed=seed, checkpoints=checkpoints)
    kept = shortest_rows(data, draws.groups, prompts)
    if not kept:
        raise RlvrError(
            f"Stage {settings.name}: none of the {len(draws.records)} completions of {len(data)} rows is correct, so "
            f"there is nothing to fine-tune on. Draw more samples, allow longer ones, or start from a better model."
        )
    engine, done = fit(
        network,
        processor,
        kept,
        prompts,
        replace(settings.fit, name=settings.name),
        seed=seed,
        scale=spread,
        checkpoints=checkpoints,
        folder=log / settings.name,
        watch=lambda step, total, loss: report(settings.name, step, total, loss=loss),
    )
    write_model(engine, processor, model)
    if engine.world.main:
        entry = summary("ShortestSft", done)
        entry |= {"rows": len(data), "rows_left_out": len(data) - len(kept)}
        entry["seconds"] += draws.seconds
        entry["response_tokens"] += draws.tokens
        entry["reward_faults"] = draws.reward_faults
        draws.write(log / settings.name)
        extend(previous, settings.name, done, entry, log)
        if own := beside(checkpoints):
            own.drop()


def shortest_rows(rows: Sequence[Row], groups: Sequence[Sequence[Draw]], prompts: Mapping[str, Prompt]) -> list[Row]:
    """The rows that have a correct completion, with the shortest one, prefill included, as their `response`."""
    kept: list[Row] = []
    for row, group in zip(rows, groups, strict=True):
        index = shortest_correct(*lengths_and_correct(group))
        if index is not None:
            kept.append({**row, "response": prompts[row["task"]].prefill + group[index]["completion"]})
    return kept
