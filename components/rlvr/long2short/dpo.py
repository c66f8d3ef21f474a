"""Direct preference optimisation of the shortest correct completion over longer ones (Kimi k1.5 §2.4).

The loss of a pair is -log sigmoid(beta ((p_c - r_c) - (p_r - r_r))) with p and r the log-probs that policy and start
model give the chosen (c) and the rejected (r) completion as a whole (Rafailov et al. 2023, eq. 7). A pair is packed as
two children of one prompt; the start model's log-probs are computed once, before training.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import logsigmoid

from rlvr.backbones.checkpoint import load_model, load_processor
from rlvr.backbones.vocabulary import require_vocabulary
from rlvr.canonical import load
from rlvr.checkpoints import Checkpoints
from rlvr.data.rows import read
from rlvr.errors import RlvrError
from rlvr.long2short.draw import Draw, beside, draw, lengths_and_correct
from rlvr.method import Task
from rlvr.progress import report
from rlvr.rl.encoding import EncodedPrompt, Encoder
from rlvr.rl.engine import make_engine, write_model
from rlvr.rl.log import extend
from rlvr.rl.made_for import MadeFor
from rlvr.rl.offline import Example, Examples, Objective, Shares, optimise, runs, summary
from rlvr.rl.policy import Policy
from rlvr.rl.preferences import preference
from rlvr.rl.samplers import steps_of
from rlvr.rl.train import rollout_engine
from rlvr.rl.update_check import require_possible
from rlvr.rl.world import world
from rlvr.training import Dpo, Scale


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Two completions of one row."""

    row: int
    """Number of the row."""
    chosen: Draw
    """The shortest correct one."""
    rejected: Draw
    """A longer one."""


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
    """Draw from `base`, pair short correct completions with longer ones, optimise and write the model to `model`.

    `stage` is a `Dpo`, `tasks` are `Task`s and `scale` is a `Scale` as JSON. The log in `log` holds the draws, too,
    and how many rows made no pair. With `checkpoints` a restarted stage goes on from its newest checkpoint and, on
    the CPU, ends with the same bytes as an undisturbed one.
    """
    settings, spread = load(Dpo, stage), load(Scale, scale or {})
    chosen = [load(Task, task) for task in tasks if not settings.tasks or task["name"] in settings.tasks]
    data = read(rows, [task.name for task in chosen])
    if not data:
        raise RlvrError(f"Stage {settings.name}: the data set holds no rows of tasks {[task.name for task in chosen]}.")
    require_possible(settings.faults, spread, settings.name)
    processor, policy = load_processor(base), Policy(load_model(base, precision))
    require_vocabulary(policy.model, processor, base)
    rollout = rollout_engine(policy, processor, base, precision, spread, data, longest=None)
    draws = draw(rollout, processor, data, chosen, settings, seed=seed, checkpoints=checkpoints)
    pairs = pairs_of(draws.groups, settings.ratio)
    if not pairs:
        raise RlvrError(
            f"Stage {settings.name}: the {len(draws.records)} completions of {len(data)} rows make no pair of a "
            f"correct and a longer one. Draw more samples, lower `ratio`, or start from a better model."
        )
    encoder = Encoder(processor, {task.name: task.prompt for task in chosen})

    def make(number: int) -> tuple[EncodedPrompt, tuple[torch.Tensor, ...]]:
        pair = pairs[number]
        responses = tuple(torch.tensor(side["ids"]) for side in (pair.chosen, pair.rejected))
        return encoder.prompt(data[pair.row]), responses

    examples = Examples(len(pairs), make)
    reference = reference_logprobs(policy, examples, spread.micro_batch_tokens)
    total = steps_of(settings.epochs, settings.steps, len(pairs), settings.batch_size)
    torch.manual_seed(seed)  # adapters start with random weights
    engine = make_engine(
        policy, settings.optimiser, total, spread, freeze_vision=settings.freeze_vision, lora=settings.lora
    )
    done = optimise(
        engine,
        examples,
        preference_loss(reference, settings.beta),
        label=settings.name,
        total=total,
        batch_size=settings.batch_size,
        micro_batch_tokens=spread.micro_batch_tokens,
        checkpoint_every=settings.checkpoint_every,
        faults=settings.faults,
        seed=seed,
        made_for=MadeFor.of(settings, chosen, data, seed, engine.world.size),
        checkpoints=checkpoints,
        folder=log / settings.name,
        watch=lambda step, total, metrics: report(
            settings.name, step, total, loss=metrics["loss"], margin=metrics["margin"], accuracy=metrics["accuracy"]
        ),
    )
    write_model(engine, processor, model)
    if engine.world.main:
        entry = summary("Dpo", done)
        entry |= {"rows": len(data), "rows_left_out": len(data) - len({pair.row for pair in pairs})}
        entry |= {"pairs": len(pairs), "pairs_wrong": sum(not pair.rejected["correct"] for pair in pairs)}
        entry["seconds"] += draws.seconds
        entry["response_tokens"] += draws.tokens
        entry["reward_faults"] = draws.reward_faults
        draws.write(log / settings.name)
        extend(previous, settings.name, done, entry, log)
        if own := beside(checkpoints):
            own.drop()


def pairs_of(groups: Sequence[Sequence[Draw]], ratio: float) -> list[Pair]:
    """Every pair of each row's shortest correct completion with a wrong longer one or one `ratio` times as long."""
    pairs: list[Pair] = []
    for row, group in enumerate(groups):
        found = preference(*lengths_and_correct(group), ratio)
        for chosen, rejected in found.pairs if found else ():
            pairs.append(Pair(row=row, chosen=group[chosen], rejected=group[rejected]))
    return pairs


@torch.no_grad()
def reference_logprobs(policy: Policy, examples: Examples, limit: int) -> torch.Tensor:
    """Log-probs, [pairs, 2] float32, of chosen and rejected completions as a whole, on every rank.

    `limit` is the number of packed tokens a pass. A resumed stage computes the same bits again.
    """
    here = world()
    found: list[tuple[int, list[float]]] = []
    for part in runs((examples[number] for number in range(here.rank, len(examples), here.size)), limit):
        numbers = [example.number for example in part]
        found += zip(numbers, sequence_logprobs(policy, part).tolist(), strict=True)
    return torch.tensor([values for _, values in sorted(here.gather(found))])


def sequence_logprobs(policy: Any, examples: Sequence[Example]) -> torch.Tensor:
    """Log-probs, [B, 2] float32, of the two completions of each example, summed over their tokens."""
    logprobs = policy([example.prompt for example in examples], [example.responses for example in examples])
    lengths = [len(ids) for example in examples for ids in example.responses]
    return torch.stack([tokens.sum() for tokens in logprobs.split(lengths)]).reshape(-1, 2)


def preference_loss(reference: torch.Tensor, beta: float) -> Objective:
    """The mean loss of a batch's pairs against `reference`, [pairs, 2].

    Metrics: `margin`, the mean argument of the sigmoid; `accuracy`, the share of pairs with a positive one;
    `chosen_reward` and `rejected_reward`, the means of its two parts, beta (p - r).
    """

    def objective(policy: Any, part: Sequence[Example], batch: Sequence[Example]) -> Shares:
        logprobs = sequence_logprobs(policy, part)
        rewards = beta * (logprobs - reference[[example.number for example in part]].to(logprobs.device))
        margins = rewards[:, 0] - rewards[:, 1]
        share = {
            "margin": margins,
            "accuracy": (margins > 0).float(),
            "chosen_reward": rewards[:, 0],
            "rejected_reward": rewards[:, 1],
        }
        loss = -logsigmoid(margins).sum() / len(batch)
        return loss, {name: float(values.detach().sum()) / len(batch) for name, values in share.items()}

    return objective
