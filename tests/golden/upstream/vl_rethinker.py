"""Adapters for VL-Rethinker's rewards, replay, advantages and policy loss."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from rlvr.rewards import boxed_rule
from rlvr.rl.advantages import advantages, with_length_bonus
from rlvr.rl.loss import token_losses, token_weights
from rlvr.rl.replay import Draw, ReplayBuffer, fill, probabilities, refill
from rlvr.training import Advantage, Loss, Replay

Inputs = dict[str, Any]


@dataclass(frozen=True)
class Item:
    """A row: its place in its batch and in all batches together."""

    place: int
    identity: int
    advantage: float
    reward: float


class Recorder(Draw):
    """Upstream's shuffle, and a choice that takes the candidates in turn and writes down what it was asked for."""

    def __init__(self, named_by: Callable[[Sequence[Item]], list[int]]) -> None:
        self.random = random.Random(42)
        self.calls: list[dict[str, Any]] = []
        self.named_by = named_by

    def choice(self, items: Sequence[Item], size: int, p: Sequence[float]) -> list[Item]:
        self.calls.append({"candidates": self.named_by(items), "size": size, "p": list(p)})
        return [items[number % len(items)] for number in range(size)]


def positions(items: Sequence[Item]) -> list[int]:
    return list(range(len(items)))


def places(items: Sequence[Item]) -> list[int]:
    return [item.place for item in items]


Step = tuple[list[Item], int, Recorder]
"""Rows of the update, how many upstream wants, and what was drawn."""


def pool_of(items: Sequence[Item], recorder: Recorder) -> tuple[list[Item], list[Item]]:
    """Rows with an advantage in upstream's order, and all-correct ones."""
    own = [item for item in items if item.advantage]
    recorder.shuffle(own)
    return own, [item for item in items if not item.advantage and item.reward > 0.95]


def uniformly(pool: Sequence[Item], total: int, recorder: Recorder) -> list[Item]:
    """`fill` where all rows are alike; upstream says p=None for that."""
    rows = fill([replace(item, advantage=1.0) for item in pool], total, recorder, offset=0.0)
    for call in recorder.calls:
        assert len(set(call["p"])) == 1
        call["p"] = None
    return rows


def filter_mode(items: Sequence[Item], kept: Sequence[Item], mode: str) -> Step:
    """Filter mode of all revisions but 1319c65: the rows with an advantage fill the whole batch."""
    recorder = Recorder(places)
    pool, _ = pool_of(items, recorder)
    return uniformly(pool, len(items), recorder), len(items), recorder


def ssr(share: int = 1, **options: Any) -> Callable[..., Step]:
    """Selective sample replay of the revisions with a buffer of kept rows."""

    def step(items: Sequence[Item], kept: Sequence[Item], mode: str) -> Step:
        if mode == "Filter":
            return filter_mode(items, kept, mode)
        recorder, total = Recorder(positions), len(items) // share
        return refill(items, kept, total, recorder, **options), total, recorder

    return step


def d28aca4(items: Sequence[Item], kept: Sequence[Item], mode: str) -> Step:
    """Without kept rows; a batch without any advantage is drawn from as it is."""
    if mode == "Filter":
        return filter_mode(items, kept, mode)
    recorder, total = Recorder(places), len(items) // 2
    own, easy = pool_of(items, recorder)
    extra = int(0.1 * len(own))
    if len(own) < total // 2:
        extra = min(extra, total // 2 - len(own))
    return fill(own + easy[:extra] if own else list(items), total, recorder), total, recorder


def d1319c65(items: Sequence[Item], kept: Sequence[Item], mode: str) -> Step:
    """Without kept rows; all-correct ones abound where there are fewer than ten with an advantage."""
    recorder, total = Recorder(places), len(items) // 2
    own, easy = pool_of(items, recorder)
    extra = int(0.1 * len(own))
    if not extra:
        extra = min(total, len(easy))
    elif len(own) < total // 2:
        extra = min(extra, total // 2 - len(own))
    pool = own + easy[:extra]
    rows = fill(pool, total, recorder) if mode == "SSR" else uniformly(pool, total, recorder)
    return rows, total, recorder


def active_sampling(step: Callable[..., Step], keeps: bool, empty_error: str = "InfiniteLoop") -> Any:
    """What upstream leaves behind after each batch.

    Where ours gives fewer rows than upstream wants, upstream never returns, and its record ends there. With
    `empty_error` it has already failed to draw from an empty pool.
    """

    def adapter(inputs: Inputs) -> list[dict[str, Any]]:
        buffer: ReplayBuffer[Item] = ReplayBuffer(Replay(form="code"), seed=0)
        records, count = [], 0
        for batch in inputs["batches"]:
            items = [Item(place, count + place, **values) for place, values in enumerate(batch)]
            count += len(items)
            buffer.keep(0, items)
            rows, total, recorder = step(items, buffer.items(), inputs["mode"])
            record = {
                "choice_calls": recorder.calls,
                "n_out": len(rows),
                "out_item_ids": [item.identity for item in rows],
                "keep_buffer": [item.identity for item in buffer.items()] if keeps else None,
            }
            records.append(record)
            if len(rows) < total:
                nothing = inputs["mode"] == "SSR" and not any(item.advantage for item in items)
                record |= {"n_out": None, "out_item_ids": None, "error": empty_error if nothing else "InfiniteLoop"}
                break
        return records

    return adapter


def handle_advantages(inputs: Inputs) -> list[float]:
    settings = Advantage(scale="none")
    return advantages(torch.tensor([inputs["rewards"]]), settings)[0].tolist()


def token_mean(lengths: torch.Tensor, included: torch.Tensor) -> torch.Tensor:
    """Our weights of a token mean, [N], in float64."""
    weights = token_weights(lengths, Loss(normaliser="token_mean"), 1, included)
    exact = (weights > 0).double() / max(1, int((weights > 0).sum()))
    assert torch.allclose(weights.double(), exact)
    return exact


def policy_loss(inputs: Inputs) -> dict[str, Any]:
    """Upstream adds 1e-4 to the number of tokens in the mean of the policy loss (not in that of the NLL)."""
    settings = Loss(objective="clipped", clip_low=0.2, clip_high=0.35, normaliser="token_mean", kl_weight=0.0)
    mask = torch.tensor(inputs["action_mask"]).bool()
    padded = torch.tensor(inputs["log_probs"], dtype=torch.float64, requires_grad=True)
    old, advantage = (torch.tensor(inputs[name], dtype=torch.float64) for name in ("old_log_probs", "advantages"))
    lengths, logprobs = mask.sum(1), padded[mask]
    losses = token_losses(logprobs, old[mask], None, advantage[mask], settings, lengths)
    count = int(mask.sum())
    actor = (losses * token_mean(lengths, torch.ones(len(lengths), dtype=torch.bool))).sum() * count / (count + 1e-4)
    reflective = (torch.tensor(inputs["round1_nwait"]) >= 1) & (advantage[:, -1] > 0)
    nll = -(logprobs * token_mean(lengths, reflective)).sum()
    total = actor + inputs["aux_loss_coef"] * nll
    (gradient,) = torch.autograd.grad(total, padded)
    return {
        "actor_loss": float(actor.detach()),
        "sft_loss": float(nll.detach()),
        "total": float(total.detach()),
        "grad_log_probs": gradient.tolist(),
    }


def rule(*, box_required: bool) -> Callable[[Inputs], Any]:
    """The whole rule; the completion has its end token."""

    def adapter(inputs: Inputs) -> Any:
        assert inputs["eos_token"] == boxed_rule.END
        text, solution = inputs["completion"], inputs["solution"]
        verdict = boxed_rule.judge(text, solution, form=inputs["format_type"], box_required=box_required)
        if not box_required and text.endswith(boxed_rule.END) and verdict is not None:
            scores = boxed_rule.correct([text.removesuffix(boxed_rule.END)], solution=[solution])
            assert scores == [float(verdict.correctness > 0)]
        return verdict and [verdict.valid, verdict.alone, verdict.formed, verdict.problem, verdict.correctness]

    return adapter


def handle_boxed(inputs: Inputs) -> Any:
    """The part of the rule that reads the answer."""
    form, box = inputs["format_type"], inputs["requires_box"]
    verdict = boxed_rule.judge(inputs["completion"], inputs["solution"], form=form, box_required=box)
    return verdict and [verdict.alone, verdict.formed, verdict.correctness]


def normalised(inputs: Inputs) -> str | None:
    answer = inputs["answer"]
    return None if answer is None else boxed_rule.normalised(answer)


def shaped(inputs: Inputs) -> float:
    """Waits matter in training alone, and not in responses that were made to rethink."""
    counts = not inputs["is_eval"] and inputs["round1_correctness"] is None
    waits = inputs["round0_nwait"] if counts else None
    return boxed_rule.shape(valid=inputs["validity"] > 0, right=inputs["match"] > 0, waits=waits)


def lengthened(inputs: Inputs) -> list[float]:
    settings = Advantage(scale="none", longer=True)
    right = torch.tensor([inputs["match"]]) > 0.5
    rewards, lengths = torch.tensor([inputs["rewards"]]), torch.tensor([inputs["response_length"]])
    return with_length_bonus(advantages(rewards.float(), settings), lengths, right)[0].tolist()


ADAPTERS: Mapping[str, Callable[[Inputs], Any]] = {
    "active_sampling@4afedcd": active_sampling(ssr(), keeps=True, empty_error="ValueError"),
    "active_sampling@19b42c2": active_sampling(ssr(resampled=False), keeps=True),
    "active_sampling@HEAD@dd2c17d": active_sampling(ssr(share=2, offset=0.0), keeps=True),
    "active_sampling@d28aca4": active_sampling(d28aca4, keeps=False),
    "active_sampling@1319c65": active_sampling(d1319c65, keeps=False),
    "ssr_probability[paper]": lambda inputs: probabilities(inputs["advantages"], inputs["alpha"]),
    "handle_advantages[group_sft]": handle_advantages,
    "handle_advantages[group_sft,format=longer]": lengthened,
    "PolicyLoss[group_sft]": policy_loss,
    "batch_rule_reward": rule(box_required=False),
    "rule_reward[requires_box=True]": rule(box_required=True),
    "handle_boxed[wait]": handle_boxed,
    "handle_boxed[confidence]": handle_boxed,
    "normalize_answer": normalised,
    "do_verify": lambda inputs: boxed_rule.compared(inputs["nsol"], inputs["gt_parsed_from"]),
    "shaped_reward": shaped,
}

DEPARTURES = {"replay_switched_off": lambda row: row["inputs"].get("mode", "").startswith("as_called")}
