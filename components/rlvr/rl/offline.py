"""Training on examples that are known beforehand: the loop of supervised fine-tuning and of preference optimisation."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from rlvr.checkpoints import Checkpoints
from rlvr.errors import RlvrError
from rlvr.launch import Stopped, stop_requested
from rlvr.progress import report
from rlvr.rl.balance import assign, padded_micro_batches
from rlvr.rl.encoding import EncodedPrompt, UnreadableError
from rlvr.rl.engine import Engine
from rlvr.rl.hardware import hardware, peak_memory_bytes
from rlvr.rl.log import TrainingLog
from rlvr.rl.made_for import MadeFor
from rlvr.rl.resuming import require_complete, resume, saving
from rlvr.rl.samplers import UniformSampler
from rlvr.rl.update_check import SKIPPED, UpdateCheck
from rlvr.training import Faults

KEPT_BYTES = 2**30
"""Memory for examples that stand ready for the next epoch; further ones are encoded again when they come."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """A prompt with the responses that are scored together."""

    number: int
    """Its number in the set."""
    prompt: EncodedPrompt
    """The prompt."""
    responses: tuple[torch.Tensor, ...]
    """Token ids of each response, [R]."""

    @property
    def response_tokens(self) -> int:
        """Tokens of all responses."""
        return sum(len(ids) for ids in self.responses)

    @property
    def tokens(self) -> int:
        """Packed tokens."""
        return len(self.prompt.ids) + self.response_tokens


Shares = tuple[torch.Tensor, dict[str, float]]
"""A loss, a scalar, and further metrics by name: the part that some examples have in a batch's."""

Objective = Callable[[Any, Sequence[Example], Sequence[Example]], Shares]
"""(policy, part, batch) -> the part's share of the batch's loss and metrics; the shares of all parts add up to them."""


class Examples:
    """A set of examples, each made when it is first asked for."""

    def __init__(self, count: int, make: Callable[[int], tuple[EncodedPrompt, tuple[torch.Tensor, ...]]]) -> None:
        """`make` gives prompt and responses of number 0 .. count - 1."""
        self.count, self.make = count, make
        self._kept: dict[int, Example] = {}
        self._room = KEPT_BYTES

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> Example:
        """The example of that number."""
        if number in self._kept:
            return self._kept[number]
        prompt, responses = self.make(number)
        example = Example(number=number, prompt=prompt, responses=responses)
        tensors = (prompt.ids, prompt.token_types, *responses, *prompt.media.values())
        size = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        if size <= self._room:
            self._room -= size
            self._kept[number] = example
        return example


def optimise(
    engine: Engine,
    examples: Examples,
    objective: Objective,
    *,
    label: str,
    total: int,
    batch_size: int,
    micro_batch_tokens: int,
    checkpoint_every: int,
    faults: Faults,
    seed: int,
    made_for: MadeFor,
    checkpoints: Checkpoints | None,
    folder: Path | None,
    watch: Callable[[int, int, dict[str, Any]], None],
) -> TrainingLog:
    """Minimise `objective` in `total` updates of `batch_size` examples; returns the log.

    `label` names the stage in errors. The log is written to `folder` as it grows, and `watch` receives each step's
    number, `total` and metrics; both on the main rank alone. Checkpoints say what they are `made_for`. Asked to stop,
    it saves and raises `Stopped`.
    """
    check = UpdateCheck(label, faults, engine, total)
    if len(examples) < batch_size and engine.world.main:
        report(
            label, 0, total, note=f"{len(examples)} examples, and a step takes {batch_size}: some come several times"
        )
    sampler = UniformSampler(rows=len(examples), per_step=batch_size, seed=seed)
    log, start = _resume(engine, checkpoints, folder, faults, made_for, label)
    for step in range(start, total):
        began = time.perf_counter()
        batch, left_out = _readable(examples, sampler.indices(step), faults, label, step + 1)
        for problem in left_out if engine.world.main else ():
            report(label, step, total, note=f"step {step + 1}: {problem}; the row is left out")
        values: dict[str, float | None] = {"loss": None}
        norm: float | None = 0.0
        if batch:
            found = _accumulate(engine, batch, objective, micro_batch_tokens)
            rows = [example.prompt.row_id for example in batch]
            norm = check.step(step, found["loss"], rows, step + 1, log.metrics)
            values = dict(found) if norm is not None else dict.fromkeys(found)
        metrics = {
            "step": step + 1,
            **values,
            "grad_norm": norm,
            SKIPPED: int(norm is None),
            "rows_left_out": len(left_out),
            "learning_rate": engine.learning_rate(step),
            "seconds": time.perf_counter() - began,
            "response_tokens": sum(example.response_tokens for example in batch),
        }
        log.step(metrics)
        if engine.world.main:
            watch(step + 1, total, metrics)
        if not checkpoints or step + 1 == total:
            continue
        stopping = engine.world.any(stop_requested())
        if stopping or (step + 1) % checkpoint_every == 0:
            with saving(label, step + 1):
                _save(engine, log, step + 1, checkpoints, faults, made_for)
        if stopping:
            raise Stopped(f"Stage {label} was stopped after step {step + 1} of {total}; run it again to go on.")
    return log


def micro_batches(batch: Sequence[Example], engine: Engine, limit: int) -> list[tuple[list[Example], bool]]:
    """The part of a batch that falls to this rank, in runs of at most `limit` tokens, each with True.

    Where ranks work in lockstep, those with fewer runs than others get spare ones, with False, that must not change
    anything.
    """
    shares = assign([example.tokens for example in batch], engine.world.size)
    parts = [list(runs((batch[number] for number in share), limit)) for share in shares]
    mine = parts[engine.world.rank]
    longest = max(map(len, parts)) if engine.lockstep else len(mine)
    return padded_micro_batches(mine, longest, [min(batch, key=lambda example: example.tokens)])


def runs(examples: Iterable[Example], limit: int) -> Iterator[list[Example]]:
    """The examples in order, in runs of at most `limit` packed tokens (a single one may exceed it)."""
    run: list[Example] = []
    for example in examples:
        if run and sum(each.tokens for each in run) + example.tokens > limit:
            yield run
            run = []
        run.append(example)
    if run:
        yield run


def summary(kind: str, log: TrainingLog) -> dict[str, Any]:
    """What the report says of a stage of that kind."""
    return {
        "kind": kind,
        "steps": len(log.metrics),
        "seconds": sum(line["seconds"] for line in log.metrics),
        "response_tokens": sum(line["response_tokens"] for line in log.metrics),
        "peak_memory_bytes": peak_memory_bytes(),
        "hardware": hardware(),
    }


def _accumulate(engine: Engine, batch: Sequence[Example], objective: Objective, limit: int) -> dict[str, float]:
    """Add up the batch's gradient over all ranks' parts; returns its loss and metrics, the same on every rank."""
    values: Counter[str] = Counter()
    for part, counts in micro_batches(batch, engine, limit):
        loss, metrics = objective(engine.policy, part, batch)
        engine.backward(loss * float(counts))
        if counts:
            values.update({"loss": float(loss.detach()), **metrics})
    whole: Counter[str] = Counter()
    for share in engine.world.gather([values]):
        whole.update(share)
    return dict(whole)


def _readable(
    examples: Examples, numbers: Sequence[int], faults: Faults, label: str, step: int
) -> tuple[list[Example], list[str]]:
    """The examples of these numbers, and what is wrong with those that cannot be read and are left out."""
    batch, left_out = [], []
    for number in numbers:
        try:
            batch.append(examples[number])
        except UnreadableError as error:
            if faults.unreadable == "stop":
                raise RlvrError(f"Stage {label}, step {step}: {error}") from error
            left_out.append(str(error))
    return batch, left_out


def _save(
    engine: Engine, log: TrainingLog, step: int, checkpoints: Checkpoints, faults: Faults, made_for: MadeFor
) -> None:
    """Publish everything that the steps after `step` depend on."""
    with engine.world.folder() as folder:
        engine.save(folder)
        if engine.world.main:
            log.write(folder / "log")
            (folder / "state.json").write_text(json.dumps({"step": step}))
            made_for.write(folder)
            checkpoints.save(step, folder, kept=faults.checkpoints_kept)


def _resume(
    engine: Engine,
    checkpoints: Checkpoints | None,
    folder: Path | None,
    faults: Faults,
    made_for: MadeFor,
    label: str,
) -> tuple[TrainingLog, int]:
    """The log and the number of steps done, from the newest checkpoint if there is one; the log goes on in `folder`."""
    into = folder if engine.world.main else None
    logs: list[TrainingLog] = []

    def load(step: int, saved: Path) -> None:
        made_for.require(saved, label, step)
        logs.append(TrainingLog.read(saved / "log", into))
        require_complete(logs[-1].metrics, faults, label)
        engine.load(saved)

    step = resume(checkpoints, engine.world, faults, label, load)
    return (logs[-1] if step else TrainingLog(into)), step
