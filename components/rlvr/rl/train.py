"""The GRPO stage: sample prompts, roll out G completions each, reward, advantage, packed policy update, repeat."""

import json
import math
import tempfile
import time
from collections.abc import Iterator, Sequence
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
from rlvr.rl.advantages import advantages
from rlvr.rl.encoding import EncodedPrompt, Encoder
from rlvr.rl.hardware import hardware, peak_memory_bytes
from rlvr.rl.log import TrainingLog, extend, percentile
from rlvr.rl.loss import k3, token_losses, token_weights
from rlvr.rl.optimiser import Stepper
from rlvr.rl.policy import Policy
from rlvr.rl.rollout import Completion, Rollout
from rlvr.rl.samplers import UniformSampler, steps_of
from rlvr.rl.scoring import score, total
from rlvr.training import Grpo, Loss, Scale


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
    """Train `base` on `rows` and write the tuned checkpoint to `model` and the training log to `log`.

    `stage` is a `Grpo` and `tasks` are `Task`s as JSON. With `checkpoints` a restarted stage goes on from its newest
    checkpoint and, on the CPU, ends with the same bytes as an undisturbed one.
    """
    settings = load(Grpo, stage)
    chosen = [load(Task, task) for task in tasks if not settings.tasks or task["name"] in settings.tasks]
    loop = Loop(settings, chosen, precision, seed, base, rows, checkpoints, load(Scale, scale or {}))
    loop.run()
    loop.policy.model.save_pretrained(model)
    load_processor(base).save_pretrained(model)  # the stage's pixel limits are its own, not the model's
    extend(previous, settings.name, loop.log, loop.summary(), log)


class Loop:
    """The state of one GRPO stage."""

    def __init__(
        self,
        settings: Grpo,
        tasks: Sequence[Task],
        precision: str,
        seed: int,
        base: Path,
        rows: Path,
        checkpoints: Checkpoints | None,
        scale: Scale = Scale(),
    ) -> None:
        self.scale = scale
        self.settings, self.tasks, self.seed, self.checkpoints = settings, tasks, seed, checkpoints
        self.by_name = {task.name: task for task in tasks}
        self.rows = read(rows, [task.name for task in tasks])
        if not self.rows:
            raise RlvrError(f"Stage {settings.name}: the data set holds no rows of tasks {sorted(self.by_name)}.")
        self.processor = load_processor(base, settings.min_pixels, settings.max_pixels)
        self.encoder = Encoder(
            self.processor, {task.name: task.prompt for task in tasks}, max_tokens=settings.max_prompt_tokens
        )
        self.policy = Policy(load_model(base, precision))
        self.reference = Policy(load_model(base, precision)).requires_grad_(False) if settings.loss.kl_weight else None
        self.rollout = Rollout(self.policy.model, self.processor.tokenizer)
        self.total = steps_of(settings.epochs, settings.steps, len(self.rows), settings.prompts_per_step)
        self.sampler = UniformSampler(rows=len(self.rows), per_step=settings.prompts_per_step, seed=seed)
        self.stepper = Stepper(self.policy.model, settings.optimiser, self.total, freeze_vision=settings.freeze_vision)
        self.log = TrainingLog()
        self.step = 0
        self.tokens = 0

    def run(self) -> None:
        """All remaining steps, with a checkpoint every `checkpoint_every`."""
        self.resume()
        while self.step < self.total:
            values = self.advance()
            self.step += 1
            report(
                self.settings.name, self.step, self.total, reward=values["reward"], kl=values["kl"],
                length=values["length_mean"],
            )  # fmt: skip
            if self.checkpoints and self.step % self.settings.checkpoint_every == 0 and self.step < self.total:
                self.save(self.checkpoints)

    def advance(self) -> dict[str, Any]:
        """One optimiser step; returns its metrics."""
        settings, started = self.settings, time.perf_counter()
        rows = [self.rows[index] for index in self.sampler.indices(self.step)]
        prompts = [self.encoder.prompt(row) for row in rows]
        groups = self.rollout.generate(prompts, settings.group_size, settings.sampling, seed=self.seed, step=self.step)
        rewards, records = self.judge(rows, groups)
        advantage = advantages(rewards, settings.advantage)
        update = self.update(prompts, groups, advantage)
        norm = self.stepper.step(self.step)
        self.synchronise()
        for record, value in zip(records, advantage.flatten().tolist(), strict=True):
            record["advantage"] = value
        self.log.rollouts.extend(records)
        metrics = self.describe(rewards, records, groups)
        seconds = time.perf_counter() - started
        count = sum(len(completion.ids) for group in groups for completion in group)
        self.tokens += count
        metrics |= update | {
            "step": self.step + 1,
            "grad_norm": norm,
            "learning_rate": self.stepper.learning_rate(self.step),
            "seconds": seconds,
            "response_tokens": count,
            "tokens_per_second": count / seconds,
        }
        self.log.metrics.append(metrics)
        return metrics

    def judge(
        self, rows: Sequence[Row], groups: Sequence[Sequence[Completion]]
    ) -> tuple[torch.Tensor, list[dict[str, Any]]]:
        """Rewards, [B, G] with NaN for completions without one, and a log record a completion."""
        flat = [completion for group in groups for completion in group]
        texts = [self.encoder.decode(completion.ids.tolist()) for completion in flat]
        repeated = [row for row, group in zip(rows, groups, strict=True) for _ in group]
        components = score(texts, repeated, self.tasks)
        rewards, records = [], []
        for text, row, completion, parts in zip(texts, repeated, flat, components, strict=True):
            task = self.by_name[row["task"]]
            value = total(parts, task)
            rewards.append(value)
            first = parts[task.rewards[0].name]
            records.append(
                {
                    "step": self.step + 1,
                    "row_id": row["row_id"],
                    "completion": text,
                    "tokens": len(completion.ids),
                    "truncated": completion.truncated,
                    "reward": value,
                    "rewards": json.dumps(parts),
                    "correct": first is not None and first >= 1.0,
                }
            )
        return torch.tensor(rewards).reshape(len(rows), -1), records

    def update(
        self, prompts: Sequence[EncodedPrompt], groups: Sequence[Sequence[Completion]], advantage: torch.Tensor
    ) -> dict[str, float]:
        """Accumulate the gradients of one step over micro-batches of whole groups; returns loss and KL."""
        settings = self.settings.loss
        flat = [completion for group in groups for completion in group]
        lengths = torch.tensor([len(completion.ids) for completion in flat])
        included = torch.tensor([not (settings.mask_truncated and completion.truncated) for completion in flat])
        weights = token_weights(lengths, settings, self.settings.sampling.max_new_tokens, included)
        per_token = advantage.flatten().repeat_interleave(lengths)
        sizes = [sum(len(completion.ids) for completion in group) for group in groups]
        parts = torch.tensor(sizes).cumsum(0).tolist()
        loss, divergence = 0.0, 0.0
        for first, last in micro_batches([len(prompt.ids) for prompt in prompts], sizes, self.scale.micro_batch_tokens):
            tokens = slice(parts[first - 1] if first else 0, parts[last - 1])
            value, kl = self.micro_update(
                prompts[first:last], groups[first:last], per_token[tokens], weights[tokens], settings
            )
            loss, divergence = loss + value, divergence + kl
        return {"loss": loss, "kl": divergence / int(lengths.sum())}

    def micro_update(
        self,
        prompts: Sequence[EncodedPrompt],
        groups: Sequence[Sequence[Completion]],
        advantage: torch.Tensor,
        weights: torch.Tensor,
        settings: Loss,
    ) -> tuple[float, float]:
        """Forward and backward of some groups; returns the weighted loss and the summed KL."""
        if not settings.kl_weight and not advantage.any():
            return 0.0, 0.0  # every gradient is exactly zero
        responses = [[completion.ids for completion in group] for group in groups]
        temperature = self.settings.sampling.temperature
        old = torch.cat([completion.logprobs for group in groups for completion in group])
        reference = None
        if self.reference is not None:
            with torch.no_grad():
                reference = self.reference(prompts, responses, temperature)
        logprobs = self.policy(prompts, responses, temperature)
        device = logprobs.device
        sizes = torch.tensor([len(completion.ids) for group in groups for completion in group]).to(device)
        losses = token_losses(logprobs, old.to(device), reference, advantage.to(device), settings, sizes)
        loss = (losses * weights.to(device)).sum()
        if not torch.isfinite(loss):
            ids = ", ".join(prompt.row_id for prompt in prompts)
            raise RlvrError(
                f"Stage {self.settings.name}, step {self.step + 1}: the loss is {float(loss)} on rows {ids}."
            )
        loss.backward()  # type: ignore[no-untyped-call]
        kl = float(k3(logprobs.detach(), reference).sum()) if reference is not None else 0.0
        return float(loss.detach()), kl

    def synchronise(self) -> None:
        """Mix the reference towards the policy where the method does so (r1-vlm: every 64 steps with 0.9)."""
        loss = self.settings.loss
        if self.reference is None or loss.reference != "synchronised" or (self.step + 1) % loss.reference_sync_steps:
            return
        with torch.no_grad():
            for old, new in zip(self.reference.parameters(), self.policy.parameters(), strict=True):
                old.mul_(1 - loss.reference_mixup).add_(new, alpha=loss.reference_mixup)

    def describe(
        self, rewards: torch.Tensor, records: Sequence[dict[str, Any]], groups: Sequence[Sequence[Completion]]
    ) -> dict[str, Any]:
        """Means over the step's completions."""
        lengths = [record["tokens"] for record in records]
        logprobs = torch.cat([completion.logprobs for group in groups for completion in group])
        parts = [json.loads(record["rewards"]) for record in records]
        names = sorted({name for part in parts for name in part})
        spread = rewards.nan_to_num(0.0)
        return {
            "reward": float(rewards.nanmean()),
            "rewards": {name: _mean([part[name] for part in parts if part.get(name) is not None]) for name in names},
            "pass_rate": _mean([float(record["correct"]) for record in records]),
            "entropy": -float(logprobs.mean()),
            "length_mean": _mean(lengths),
            "length_p95": percentile(lengths, 0.95),
            "truncated_percent": 100 * _mean([float(record["truncated"]) for record in records]),
            "dead_groups_percent": 100 * float((spread.amax(1) == spread.amin(1)).float().mean()),
        }

    def save(self, checkpoints: Checkpoints) -> None:
        """Publish everything that the rest of the stage depends on."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            save_model(self.policy.model, str(folder / "policy.safetensors"))
            if self.reference is not None and self.settings.loss.reference == "synchronised":
                save_model(self.reference.model, str(folder / "reference.safetensors"))
            self.stepper.save(folder)
            self.log.write(folder / "log")
            (folder / "state.json").write_text(json.dumps({"step": self.step, "tokens": self.tokens}))
            checkpoints.save(self.step, folder)

    def resume(self) -> None:
        """Go on from the newest checkpoint, if there is one."""
        found = self.checkpoints.latest() if self.checkpoints else None
        if found is None:
            return
        step, folder = found
        load_weights(self.policy.model, folder / "policy.safetensors")
        if self.reference is not None and (folder / "reference.safetensors").is_file():
            load_weights(self.reference.model, folder / "reference.safetensors")
        self.stepper.load(folder)
        self.log = TrainingLog.read(folder / "log")
        state = json.loads((folder / "state.json").read_text())
        self.step, self.tokens = state["step"], state["tokens"]
        report(self.settings.name, step, self.total, note=f"continuing after step {step}")

    def summary(self) -> dict[str, Any]:
        """What the report says of the stage."""
        return {
            "kind": "Grpo",
            "steps": self.total,
            "seconds": sum(line["seconds"] for line in self.log.metrics),
            "response_tokens": self.tokens,
            "peak_memory_bytes": peak_memory_bytes(),
            "hardware": hardware(),
        }


def micro_batches(prompts: Sequence[int], responses: Sequence[int], limit: int) -> Iterator[tuple[int, int]]:
    """Runs of whole groups, as (first, last), whose packed tokens stay under `limit` (a single group may exceed it)."""
    first, tokens = 0, 0
    for number, size in enumerate(map(sum, zip(prompts, responses, strict=True))):
        if number > first and tokens + size > limit:
            yield first, number
            first, tokens = number, 0
        tokens += size
    yield first, len(prompts)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
