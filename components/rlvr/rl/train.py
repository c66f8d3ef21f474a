"""The RL stage: sample prompts, roll out G completions each, judge, compare, update on packed sequences, repeat."""

import json
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from rlvr.backbones.checkpoint import load_model, load_processor
from rlvr.backbones.remote_code import carry_code
from rlvr.backbones.vocabulary import require_vocabulary
from rlvr.canonical import load
from rlvr.checkpoints import Checkpoints
from rlvr.data.rows import Row, read
from rlvr.errors import RlvrError
from rlvr.launch import Stopped, stop_requested
from rlvr.method import Task
from rlvr.progress import report
from rlvr.rewards.judge import seen_models, unanswered
from rlvr.rl.collect import Collector, record
from rlvr.rl.encoding import Encoder
from rlvr.rl.engine import make_engine, write_model
from rlvr.rl.hardware import hardware, peak_memory_bytes
from rlvr.rl.log import TrainingLog, extend
from rlvr.rl.made_for import MadeFor
from rlvr.rl.metrics import advantage_metrics, entropy, length_metrics, mean, reward_metrics
from rlvr.rl.policy import Policy
from rlvr.rl.prompts import StepPrompts
from rlvr.rl.reference import Reference
from rlvr.rl.replay import ReplayBuffer
from rlvr.rl.resuming import require_complete, resume, saving
from rlvr.rl.rollout import Rollout, RolloutEngine
from rlvr.rl.sample import Sample, load_samples, save_samples
from rlvr.rl.samplers import make_sampler, steps_of
from rlvr.rl.silence import heed_silence
from rlvr.rl.update import Updater
from rlvr.rl.update_check import SKIPPED, UpdateCheck, require_possible
from rlvr.training import Grpo, Scale


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

    `stage` is a `Grpo`, `tasks` are `Task`s and `scale` is a `Scale` as JSON. With `checkpoints` a restarted stage goes
    on from its newest checkpoint and, on the CPU, ends with the same bytes as an undisturbed one.
    """
    settings = load(Grpo, stage)
    chosen = [load(Task, task) for task in tasks if not settings.tasks or task["name"] in settings.tasks]
    loop = Loop(
        settings, chosen, precision, seed, base, rows, checkpoints, load(Scale, scale or {}), log / settings.name
    )
    loop.run()
    write_model(loop.engine, load_processor(base), model)  # the stage's pixel limits are its own, not the model's
    carry_code(base, model)
    if loop.engine.world.main:
        extend(previous, settings.name, loop.log, loop.summary(), log)


class Loop:
    """The state of one RL stage."""

    def __init__(
        self,
        settings: Grpo,
        tasks: Sequence[Task],
        precision: str,
        seed: int,
        base: Path,
        rows: Path,
        checkpoints: Checkpoints | None,
        scale: Scale | None = None,
        folder: Path | None = None,
    ) -> None:
        """`folder` is where the log is written as training goes; None keeps it in memory."""
        self.settings, self.tasks, self.seed, self.checkpoints = settings, tasks, seed, checkpoints
        scale = scale or Scale()
        require_possible(settings.faults, scale, settings.name)
        self.rows = read(rows, [task.name for task in tasks])
        if not self.rows:
            names = sorted(task.name for task in tasks)
            raise RlvrError(f"Stage {settings.name}: the data set holds no rows of tasks {names}.")
        processor = load_processor(base, settings.min_pixels, settings.max_pixels)
        encoder = Encoder(
            processor,
            {task.name: task.prompt for task in tasks},
            max_tokens=settings.max_prompt_tokens,
            frames_per_second=settings.frames_per_second,
            max_frames=settings.max_frames,
            max_video_pixels=settings.max_video_pixels,
        )
        policy = Policy(load_model(base, precision))
        require_vocabulary(policy.model, processor, base)
        if len(self.rows) < settings.prompts_per_step:
            few = f"{len(self.rows)} rows, and a step takes {settings.prompts_per_step}: some come several times"
            report(settings.name, 0, 1, note=few)
        if policy.obstacle:
            report(settings.name, 0, 1, note=f"plain sequences instead of packed ones: {policy.obstacle}")
        self.total = steps_of(settings.epochs, settings.steps, len(self.rows), settings.prompts_per_step)
        updates = self.total * settings.updates_per_step * settings.passes_per_step
        self.engine = make_engine(
            policy, settings.optimiser, updates, scale, freeze_vision=settings.freeze_vision, lora=settings.lora
        )
        self.sampler = make_sampler(settings.sampler, self.rows, settings.prompts_per_step, seed)
        share = sees_the_same(policy.model) and not self.engine.lockstep and settings.loss.reference != "synchronised"
        packed = policy.obstacle is None
        once = self.engine.world.size == 1 and settings.updates_per_step == 1 and not scale.gradient_checkpointing
        once = once and not (
            settings.replay or settings.online_filter or settings.partial_rollouts or settings.refinement
        )
        self.prompts = StepPrompts(
            encoder, self.rows, policy, share_features=share and packed,
            share_prefix=once and packed and not scale.zero_stage,
        )  # fmt: skip
        self.reference = Reference(settings.loss, self.engine, settings.lora, lambda: load_model(base, precision))
        self.foreign = scale.rollout == "vllm"
        prompt, new = settings.max_prompt_tokens, settings.sampling.max_new_tokens
        longest = None if prompt is None else prompt + new
        self.rollout = rollout_engine(policy, processor, base, precision, scale, self.rows, longest)
        self.collector = Collector(
            settings, tasks, self.rows, self.sampler, self.engine, self.rollout, self.prompts, seed,
            foreign=self.foreign, micro_batch_tokens=scale.micro_batch_tokens, total=self.total,
        )  # fmt: skip
        self.updater = Updater(settings, scale, self.engine, policy, self.reference, self.prompts)
        self.check = UpdateCheck(settings.name, settings.faults, self.engine, self.total)
        self.replay: ReplayBuffer[Sample] | None = ReplayBuffer(settings.replay, seed) if settings.replay else None
        self.log = TrainingLog(folder if self.engine.world.main else None)
        self.folder = folder if self.engine.world.main else None
        self.step, self.updates, self.tokens = 0, 0, 0

    def run(self) -> None:
        """All remaining steps, with a checkpoint every `checkpoint_every` and when the stage is asked to stop."""
        self.resume()
        settings, world = self.settings, self.engine.world
        while self.step < self.total:
            values = self.advance()
            self.step += 1
            shown = {"reward": values["reward"], "kl": values["kl"], "length": values["length_mean"]}
            report(settings.name, self.step, self.total, **shown)
            last, stop = self.step == self.total, world.any(stop_requested())
            if self.checkpoints and not last and (stop or self.step % settings.checkpoint_every == 0):
                with saving(settings.name, self.step):
                    self.save(self.checkpoints)
            if stop and not last:
                raise Stopped(f"Stage {settings.name} stopped after step {self.step} of {self.total}.")

    def advance(self) -> dict[str, Any]:
        """One step: a rollout and its updates; returns its metrics."""
        settings, started = self.settings, time.perf_counter()
        self.prompts.forget()
        if settings.reset_optimiser:
            self.engine.reset()
        if self.foreign:
            self.rollout.update_weights(self.engine.state_dict().items())  # type: ignore[attr-defined]
        groups, drawn = self.collector.step(self.step)
        updating = time.perf_counter()
        samples = [sample for group in groups for sample in group]
        batch = self.replay.refill(self.step, samples) if self.replay else samples
        tried = [self.update(part) for _ in range(settings.passes_per_step) for part in self.parts(batch)]
        results = [result for result in tried if result is not None]
        self.prompts.prefix = None
        self.reference.follow(self.step)
        if self.engine.world.main:
            self.log.rollouts.extend(record(sample, self.prompts.origin(sample.row), self.step) for sample in samples)
        tokens = sum(sample.length for sample in samples)
        self.tokens += tokens
        ended = time.perf_counter()
        seconds = ended - started
        metrics = {
            "step": self.step + 1,
            **describe(groups),
            **{key: mean([result[key] for result in results]) if results else 0.0 for key in RESULTS},
            **drawn,
            SKIPPED: len(tried) - len(results),
            "learning_rate": self.engine.learning_rate(max(0, self.updates - 1)),
            "seconds": seconds,
            "rollout_seconds": updating - started,
            **self.updater.utilisation(ended - updating),
            "response_tokens": tokens,
            "tokens_per_second": tokens / seconds,
            "peak_memory_bytes": peak_memory_bytes(),
        }
        self.log.step(metrics)
        heed_silence(self.log.metrics, settings, self.total)
        return metrics

    def parts(self, samples: Sequence[Sample]) -> Iterator[list[Sample]]:
        """The step's batch in `updates_per_step` parts of whole rows; parts without a sample are left out."""
        rows = list(dict.fromkeys(sample.row for sample in samples))
        count = self.settings.updates_per_step
        for part in range(count):
            chosen = set(rows[part * len(rows) // count : (part + 1) * len(rows) // count])
            if chosen:
                yield [sample for sample in samples if sample.row in chosen]

    def update(self, samples: Sequence[Sample]) -> dict[str, float] | None:
        """One optimiser update; returns its metrics, or None when it was left out."""
        result = self.updater.accumulate(samples)
        rows = self.updater.blamed or [self.prompts.origin(sample.row)["row_id"] for sample in samples]
        norm = self.check.step(self.updates, result["loss"], rows, self.step + 1, self.log.metrics)
        self.updates += 1
        return None if norm is None else {**result, "grad_norm": norm}

    @cached_property
    def made_for(self) -> MadeFor:
        """What this stage's checkpoints belong to."""
        return MadeFor.of(self.settings, self.tasks, self.rows, self.seed, self.engine.world.size)

    def save(self, checkpoints: Checkpoints) -> None:
        """Publish everything that the rest of the stage depends on."""
        world = self.engine.world
        with world.folder() as folder:
            self.engine.save(folder)
            self.reference.save(folder)
            if world.main:
                self.log.write(folder / "log")
                unfinished = self.collector.unfinished
                pending = unfinished.pending
                save_samples([sample for group in pending for sample in group], folder, "pending")
                save_samples(self.replay.items() if self.replay else [], folder, "replay")
                state = {
                    "step": self.step,
                    "updates": self.updates,
                    "tokens": self.tokens,
                    "sampler": self.sampler.state(),
                    "pending": [len(group) for group in pending],
                    "waiting": unfinished.waiting,
                    "asked": unfinished.asked,
                }
                (folder / "state.json").write_text(json.dumps(state))
                self.made_for.write(folder)
                checkpoints.save(self.step, folder, kept=self.settings.faults.checkpoints_kept)
            world.barrier()

    def resume(self) -> None:
        """Go on from the newest checkpoint, if there is one."""
        world, faults = self.engine.world, self.settings.faults
        if step := resume(self.checkpoints, world, faults, self.settings.name, self.load):
            report(self.settings.name, step, self.total, note=f"continuing after step {step}")

    def load(self, step: int, folder: Path) -> None:
        """The inverse of `save`."""
        self.made_for.require(folder, self.settings.name, step)
        self.log = TrainingLog.read(folder / "log", self.folder)
        require_complete(self.log.metrics, self.settings.faults, self.settings.name)
        self.engine.load(folder)
        self.reference.load(folder)
        state = json.loads((folder / "state.json").read_text())
        self.step, self.updates, self.tokens = state["step"], state["updates"], state["tokens"]
        self.sampler.restore(state["sampler"])
        pending = iter(load_samples(folder, "pending"))
        self.collector.unfinished.pending = [[next(pending) for _ in range(size)] for size in state["pending"]]
        self.collector.unfinished.waiting, self.collector.unfinished.asked = state["waiting"], state["asked"]
        if self.replay:
            self.replay.restore(load_samples(folder, "replay"))

    def summary(self) -> dict[str, Any]:
        """What is recorded of the stage; `judges` are the models that servers said to have answered."""
        return {
            "kind": "Grpo",
            "steps": self.total,
            "seconds": sum(line["seconds"] for line in self.log.metrics),
            "response_tokens": self.tokens,
            "peak_memory_bytes": peak_memory_bytes(),
            "hardware": hardware(),
            "judges": seen_models(),
            "judge_questions_unanswered": unanswered(),
        }


def sees_the_same(model: Any) -> bool:
    """Whether pictures look the same after an update: nothing between pixels and language model is trained."""
    return not any(
        weight.requires_grad
        for name, weight in model.named_parameters()
        if "language_model" not in name and not name.startswith("lm_head")
    )


RESULTS = ("loss", "kl", "clip_percent", "grad_norm")
"""Metrics of an update; a step reports their means."""


def describe(groups: Sequence[Sequence[Sample]]) -> dict[str, Any]:
    """Means over the completions of a step."""
    flat = [sample for group in groups for sample in group]
    return {
        **reward_metrics([[s.reward for s in group] for group in groups], [s.rewards for s in flat]),
        "pass_rate": mean([float(sample.correct) for sample in flat]),
        **advantage_metrics(torch.tensor([sample.advantage for sample in flat])),
        "entropy": entropy(torch.cat([s.logprobs for s in flat])) if flat else float("nan"),
        **length_metrics([sample.length for sample in flat], [sample.truncated for sample in flat]),
    }


def rollout_engine(
    policy: Policy, processor: Any, base: Path, precision: str, scale: Scale, rows: Sequence[Row], longest: int | None
) -> RolloutEngine:
    """What draws the completions: our own loop, or vLLM where the scale asks for it.

    `longest` are the tokens of prompt and completion together at most; None leaves it to the model.
    """
    if scale.rollout == "vllm":
        from rlvr.rl.vllm_rollout import VllmRollout

        pictures = max(len(row["images"]) for row in rows)
        return VllmRollout(policy, processor, base, precision=precision, max_tokens=longest, pictures=pictures)
    return Rollout(policy, processor.tokenizer, cache_tokens=scale.cache_tokens)
