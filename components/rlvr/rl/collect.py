"""A step's samples: rows chosen, completions drawn, judged, filtered, perhaps continued, and compared within groups.

Each rank draws and judges the completions of its share of the rows; the results are put together, so that all ranks
see the same samples in the same order.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from rlvr.data.rows import Row
from rlvr.errors import RlvrError
from rlvr.launch import Stopped, stop_requested
from rlvr.method import Task
from rlvr.progress import report
from rlvr.rl.advantages import advantages, with_length_bonus
from rlvr.rl.encoding import UnreadableError
from rlvr.rl.engine import Engine
from rlvr.rl.importance import truncated_importance
from rlvr.rl.length_reward import with_length_rewards
from rlvr.rl.length_weight import length_weights
from rlvr.rl.partial_rollouts import Unfinished
from rlvr.rl.prompts import StepPrompts
from rlvr.rl.refinement import discounted_return, refine
from rlvr.rl.rethinking import reflects, rethink
from rlvr.rl.rollout import RolloutEngine
from rlvr.rl.sample import Sample, nothing
from rlvr.rl.samplers import Outcome, RowSampler
from rlvr.rl.samplers.online_filter import keep
from rlvr.rl.scoring import score, total
from rlvr.training import Grpo, Refinement, Sampling

Group = list[Sample]


class Collector:
    """Draws the samples of each step."""

    def __init__(
        self,
        settings: Grpo,
        tasks: Sequence[Task],
        rows: Sequence[Row],
        sampler: RowSampler,
        engine: Engine,
        rollout: RolloutEngine,
        prompts: StepPrompts,
        seed: int,
        *,
        foreign: bool = False,
        micro_batch_tokens: int = 0,
        total: int = 0,
    ) -> None:
        """`foreign`: `rollout` is another engine than the trainer, so its log-probs are corrected for;
        `micro_batch_tokens`: the most that a pass shared by rollout and update may hold; `total`: steps of the stage.
        """
        self.micro_batch_tokens, self.total = micro_batch_tokens, total
        self.settings, self.tasks, self.rows, self.sampler = settings, tasks, rows, sampler
        self.engine, self.rollout, self.prompts, self.seed, self.foreign = engine, rollout, prompts, seed, foreign
        self.by_name = {task.name: task for task in tasks}
        self.unfinished = Unfinished(settings)
        half = next(engine.policy.parameters()).dtype != torch.float32
        sensitive = settings.loss.objective != "ratio_one" or settings.loss.reference == "current"
        self.rounded = half and sensitive
        """Whether the sampler's log-probs are too rough: in half precision its other order of operations shows."""
        self.number = 0
        """The step, from 1, that samples are drawn for."""
        self.rows_left_out, self.reward_faults = 0, 0

    def step(self, step: int) -> tuple[list[Group], dict[str, float]]:
        """The groups that step 0, 1, ... trains on, with advantages, and the metrics of drawing them."""
        self.number, self.rows_left_out, self.reward_faults = step + 1, 0, 0
        self.measure(step)
        kept: list[Group] = []
        drawn: list[Group] = []
        chooser = self.settings.online_filter
        for attempt in range(chooser.attempts if chooser else 1):
            groups = self.draw(step, attempt)
            drawn += groups
            flags = keep([_accuracy(group) for group in groups], chooser) if chooser else [True] * len(groups)
            kept += [group for group, wanted in zip(groups, flags, strict=True) if wanted]
            if len(kept) >= self.settings.prompts_per_step:
                break
        self.sampler.observe([_outcome(group) for group in drawn])
        kept = kept[: self.settings.prompts_per_step]
        turns = self.settings.refinement
        groups = self.refined(kept, turns, step) if turns else self.compare(kept, step)
        return groups, {
            "groups_drawn": float(len(drawn)),
            "rows_left_out": float(self.rows_left_out),
            "reward_faults": float(self.reward_faults),
        }

    def refined(self, groups: Sequence[Group], settings: Refinement, step: int) -> list[Group]:
        """Groups with the samples of all turns, each with the advantage of its path."""
        sampling = self.settings.sampling

        def complete(rows: Sequence[int], label: str) -> list[Group]:
            return self.complete(rows, [[nothing()] for _ in rows], sampling, f"{step}/{label}")

        paths = refine(groups, settings.turns, self.prompts, self.by_name, complete)
        whole = [
            [
                replace(path[0], reward=discounted_return([sample.reward for sample in path], settings.discount))
                for path in group
            ]
            for group in paths
        ]
        return [
            [
                replace(sample, advantage=first.advantage)
                for path, first in zip(group, compared, strict=True)
                for sample in path
            ]
            for group, compared in zip(paths, self.compare(whole, step), strict=True)
        ]

    def measure(self, step: int) -> None:
        """Give the sampler the measurements that it asks for before this step."""
        while (probe := self.sampler.probe(step)) is not None:
            sampling = self.settings.sampling
            if probe.temperature is not None:
                sampling = replace(sampling, temperature=probe.temperature)
            outcomes: list[Outcome] = []
            size = self.settings.prompts_per_step
            for first in range(0, len(probe.indices), size):
                rows = probe.indices[first : first + size]
                starts = [[nothing()] * probe.samples for _ in rows]
                groups = self.complete(rows, starts, sampling, f"{step}-probe")
                outcomes += [_outcome(group) for group in groups if group]
                self.prompts.forget()
                if self.engine.world.any(stop_requested()):
                    raise Stopped(f"Stage {self.settings.name} stopped while it measured rows before step {step + 1}.")
            self.sampler.observe_probe(outcomes)

    def draw(self, step: int, attempt: int = 0, rows: Sequence[int] | None = None) -> list[Group]:
        """Groups of completions of `rows` (None: the sampler's); with partial rollouts the groups that are complete."""
        settings, label = self.settings, f"{step}" if not attempt else f"{step}+{attempt}"
        if settings.partial_rollouts:
            return self.unfinished.go_on(self.sampler.indices, label, self.complete)
        rows = self.sampler.indices(step, attempt) if rows is None else rows
        starts = [[nothing()] * settings.group_size for _ in rows]
        groups = self.complete(rows, starts, settings.sampling, label, rethinking=True)
        return [group for group in groups if group]

    def complete(
        self,
        rows: Sequence[int],
        starts: Sequence[Sequence[torch.Tensor]],
        sampling: Sampling,
        label: str,
        longest: int | None = None,
        *,
        rethinking: bool = False,
    ) -> list[Group]:
        """Judged completions of each row, cut at `longest` tokens, of all ranks' shares, in the order of `rows`.

        A row that is left out because it cannot be read has none.
        """
        world, settings = self.engine.world, self.settings
        share = range(world.rank, len(rows), world.size)
        problems = {n: problem for n in share if (problem := self.unreadable(rows[n]))}
        mine = [n for n in share if n not in problems]
        ids = [self.prompts.row(row)["row_id"] for row in rows]
        before = [sum(len(starts[other]) for other in range(n) if ids[other] == ids[n]) for n in range(len(rows))]
        with self.engine.gathered():
            groups = self.generate(
                [rows[n] for n in mine], [starts[n] for n in mine], sampling, label, [before[n] for n in mine]
            )
            groups = self.judge([[_cut(sample, longest) for sample in group] for group in groups])
            if rethinking and settings.rethinking:
                groups = self.reconsider(groups, label)
        found: list[tuple[int, Group, str]] = [(n, group, "") for n, group in zip(mine, groups, strict=True)]
        found = sorted(world.gather([*found, *((n, [], problem) for n, problem in problems.items())]), key=_place)
        for _, group, problem in found:
            self.tell(group, problem)
        return [group for _, group, _ in found]

    def unreadable(self, row: int) -> str:
        """Why a row cannot be read and is left out; empty if it can. `RlvrError` where that ends the stage."""
        try:
            self.prompts[row]
        except UnreadableError as error:
            if self.settings.faults.unreadable == "skip":
                return str(error)
            raise RlvrError(f"Stage {self.settings.name}, step {self.number}: {error}") from error
        return ""

    def tell(self, group: Group, problem: str) -> None:
        """Count and report what was left out of a row: all of it for a `problem`, or rewards of its completions."""
        self.rows_left_out += bool(problem)
        self.reward_faults += sum(bool(sample.problem) for sample in group)
        for text in [problem, *(sample.problem for sample in group)]:
            if text and self.engine.world.main:
                where = f"step {self.number}: {text}" + ("; the row is left out" if text == problem else "")
                report(self.settings.name, self.number - 1, max(self.total, self.number), note=where)

    def generate(
        self,
        rows: Sequence[int],
        starts: Sequence[Sequence[torch.Tensor]],
        sampling: Sampling,
        label: str,
        before: Sequence[int] | None = None,
    ) -> list[Group]:
        """Completions of this rank's rows, starts included; log-probs are those of the new tokens alone.

        `before` counts the samples of the same row that stand earlier in the step, so that a row that is drawn twice
        gets other completions.
        """
        if not rows:
            return []
        prompts = [self.prompts[row] for row in rows]
        options: dict[str, Any] = {"seed": self.seed, "step": label, "before": before}
        if any(len(start) for group in starts for start in group):
            options["starts"] = starts
        size = len(starts[0])
        if not self.foreign:
            options["features"] = self.prompts.features(prompts)
            if "starts" not in options and label.isdecimal():
                most = len(prompts) * size * sampling.max_new_tokens
                options["prefix"] = self.prompts.read(prompts, most, self.micro_batch_tokens)
        drawn = self.rollout.generate(prompts, size, sampling, **options)
        groups = [
            [
                Sample(row=row, ids=torch.cat([s, c.ids]), logprobs=c.logprobs, truncated=c.truncated)
                for s, c in zip(group, completions, strict=True)
            ]
            for row, group, completions in zip(rows, starts, drawn, strict=True)
        ]
        return self.scored(groups) if self.foreign or self.rounded else groups

    @torch.no_grad()
    def scored(self, groups: Sequence[Group]) -> list[Group]:
        """Groups with the trainer's own log-probs for every token, and corrections where another engine drew them."""
        results = []
        for group in groups:
            filled = [sample for sample in group if sample.length]
            if not filled:
                results.append(list(group))
                continue
            prompt = self.prompts[filled[0].row]
            flat = self.engine.policy(
                [prompt],
                [[sample.ids for sample in filled]],
                self.settings.sampling.temperature,
                features=self.prompts.features([prompt]),
            ).cpu()
            parts = iter(torch.split(flat, [sample.length for sample in filled]))
            results.append([self._corrected(sample, next(parts)) if sample.length else sample for sample in group])
        return results

    def _corrected(self, sample: Sample, old: torch.Tensor) -> Sample:
        if not self.foreign:
            return replace(sample, logprobs=old)
        importance = torch.ones(len(old))
        new = len(old) - len(sample.logprobs)
        importance[new:] = truncated_importance(old[new:], sample.logprobs, self.settings.loss.importance_cap)
        return replace(sample, logprobs=old, importance=importance)

    def judge(self, groups: Sequence[Group]) -> list[Group]:
        """Groups with text, reward components, total and correctness."""
        flat = [sample for group in groups for sample in group]
        texts = [self.prompts.encoder.decode(sample.ids.tolist()) for sample in flat]
        rows = [self.prompts.row(sample.row) for sample in flat]
        problems: dict[int, list[str]] = {}
        scores = score(
            texts, rows, self.tasks, [one.truncated for one in flat], [one.length for one in flat],
            faults=self.settings.faults, where=f"Stage {self.settings.name}, step {self.number}: ",
            note=lambda number, text: problems.setdefault(number, []).append(text),
        )  # fmt: skip
        judged = []
        for number, (sample, text, row, parts) in enumerate(zip(flat, texts, rows, scores, strict=True)):
            task = self.by_name[row["task"]]
            first = parts[task.rewards[0].name]
            right = first is not None and first >= 1.0
            sample = replace(sample, text=text, rewards=parts, reward=total(parts, task), correct=right)
            judged.append(replace(sample, problem="; ".join(problems.get(number, []))))
        results = iter(judged)
        return [[next(results) for _ in group] for group in groups]

    def reconsider(self, groups: Sequence[Group], label: str) -> list[Group]:
        """Forced rethinking of this rank's groups."""
        settings = self.settings.rethinking
        assert settings is not None
        sampling = replace(
            self.settings.sampling, temperature=settings.temperature, max_new_tokens=settings.max_new_tokens
        )

        def go_on(rows: Sequence[int], starts: Sequence[Sequence[torch.Tensor]]) -> list[Group]:
            return self.judge(self.scored(self.generate(rows, starts, sampling, f"{label}-rethinking")))

        return rethink(groups, settings, self.prompts.encoder, go_on, key=f"{self.seed} {label}")

    def compare(self, groups: Sequence[Group], step: int) -> list[Group]:
        """Groups with the length reward in their totals and with advantages."""
        settings = self.settings
        if brevity := settings.length_reward:
            groups = [
                [
                    replace(sample, reward=value)
                    for sample, value in zip(group, _with_brevity(group, brevity, step), strict=True)
                ]
                for group in groups
            ]
        if not groups:
            return []
        rewards = torch.tensor([[sample.reward for sample in group] for group in groups], dtype=torch.float32)
        values = advantages(rewards, settings.advantage)
        lengths = torch.tensor([[sample.length for sample in group] for group in groups])
        if settings.advantage.brief_weight != 1:
            cut = settings.sampling.max_new_tokens - 2  # as upstream's 4094 of 4096
            values = values * length_weights(rewards, lengths, settings.advantage.brief_weight, longest=cut)
        if settings.advantage.longer:
            right = torch.tensor([[sample.correct for sample in group] for group in groups])
            values = with_length_bonus(values, lengths, right)
        return [
            [self._selected(replace(sample, advantage=value)) for sample, value in zip(group, row, strict=True)]
            for group, row in zip(groups, values.tolist(), strict=True)
        ]

    def _selected(self, sample: Sample) -> Sample:
        """The sample, chosen for the auxiliary likelihood or not."""
        loss = self.settings.loss
        if loss.nll_weight and loss.nll_on == "reflective":
            return replace(sample, nll_from=0 if sample.advantage > 0 and reflects(sample.text) else None)
        return sample


def record(sample: Sample, row: Row, step: int) -> dict[str, Any]:
    """A sample as `rollouts.parquet` shows it; steps and turns count from 1 there."""
    return {
        "step": step + 1,
        "row_id": row["row_id"],
        "turn": sample.turn + 1,
        "completion": sample.text,
        "tokens": sample.length,
        "truncated": sample.truncated,
        "reward": sample.reward,
        "rewards": json.dumps(sample.rewards),
        "advantage": sample.advantage,
        "correct": sample.correct,
    }


def _place(found: tuple[int, Group, str]) -> int:
    return found[0]


def _cut(sample: Sample, longest: int | None) -> Sample:
    """The sample with at most `longest` tokens."""
    if longest is None or sample.length <= longest:
        return sample
    over = sample.length - longest
    correction = None if sample.importance is None else sample.importance[:-over]
    return replace(
        sample, ids=sample.ids[:-over], logprobs=sample.logprobs[:-over], importance=correction, truncated=True
    )


def _accuracy(group: Group) -> float:
    return sum(sample.correct for sample in group) / len(group)


def _outcome(group: Group) -> Outcome:
    return Outcome(
        index=group[0].row,
        accuracy=_accuracy(group),
        reward=sum(sample.reward for sample in group) / len(group),
        tokens=[sample.ids.tolist() for sample in group],
    )


def _with_brevity(group: Group, settings: Any, step: int) -> list[float]:
    lengths, correct = [sample.length for sample in group], [sample.correct for sample in group]
    return with_length_rewards([sample.reward for sample in group], lengths, correct, settings, step)
