"""Completions of every row from a model, scored: what shortest rejection sampling and DPO choose from."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.checkpoints import Checkpoints
from rlvr.data.rows import Row
from rlvr.launch import Stopped, stop_requested
from rlvr.method import Task
from rlvr.progress import report
from rlvr.rl.encoding import Encoder
from rlvr.rl.log import ROLLOUTS
from rlvr.rl.rollout import Completion, RolloutEngine
from rlvr.rl.scoring import score, total
from rlvr.rl.world import world
from rlvr.scratch import scratch
from rlvr.training import Dpo, ShortestSft

COLUMNS = ROLLOUTS.append(pa.field("ids", pa.list_(pa.int32())))
"""Columns of `draws.parquet`: those of rollouts, and the token ids. `step` is the row's number from 1; `advantage` is
null."""

FILE = "draws.parquet"
"""Name of the draws' file in a stage's log."""

ROWS = 16
"""Rows drawn at a time by each process."""

SECONDS_BETWEEN = 300.0
"""Least time between two checkpoints of the draws."""

Draw = dict[str, Any]
"""One completion as a record of `COLUMNS`."""


@dataclass(kw_only=True, slots=True)
class Draws:
    """What was drawn."""

    samples: int
    """Completions a row."""
    records: list[Draw] = field(default_factory=list)
    """Every completion, row after row."""
    seconds: float = 0.0
    """Wall time of drawing them."""
    reward_faults: int = 0
    """Completions for which a reward failed and counts as 0."""

    @property
    def rows(self) -> int:
        """Rows that have been drawn."""
        return len(self.records) // self.samples

    @property
    def groups(self) -> list[list[Draw]]:
        """The completions of each row."""
        return [self.records[first : first + self.samples] for first in range(0, len(self.records), self.samples)]

    @property
    def tokens(self) -> int:
        """Tokens of all completions."""
        return sum(record["tokens"] for record in self.records)

    def write(self, folder: Path) -> None:
        """Write `draws.parquet`."""
        folder.mkdir(parents=True, exist_ok=True)
        about = {"seconds": str(self.seconds), "reward_faults": str(self.reward_faults)}
        table = pa.Table.from_pylist(self.records, COLUMNS.with_metadata(about))
        pq.write_table(table, folder / FILE, compression="zstd")

    @classmethod
    def read(cls, folder: Path, samples: int) -> "Draws":
        """The inverse of `write`."""
        table = pq.read_table(folder / FILE)
        about = table.schema.metadata
        seconds, faults = float(about[b"seconds"]), int(about[b"reward_faults"])
        return cls(samples=samples, records=table.to_pylist(), seconds=seconds, reward_faults=faults)


def draw(
    rollout: RolloutEngine,
    processor: Any,
    rows: Sequence[Row],
    tasks: Sequence[Task],
    settings: ShortestSft | Dpo,
    *,
    seed: int,
    checkpoints: Checkpoints | None = None,
) -> Draws:
    """`settings.samples` scored completions for each row, in order, the same on every rank.

    A completion is correct when the first reward of its row's task gives it at least 1. A draw that was interrupted
    goes on from its newest checkpoint; completions do not depend on where it stopped or on the number of processes.
    Asked to stop, it saves and raises `Stopped`.
    """
    encoder = Encoder(processor, {task.name: task.prompt for task in tasks})
    here, own = world(), beside(checkpoints)
    kept = (
        here.each_machine(lambda: own.restore(lambda _, folder: Draws.read(folder, settings.samples))) if own else None
    )
    draws = kept or Draws(samples=settings.samples)
    started, saved = time.monotonic() - draws.seconds, time.monotonic()
    for start in range(draws.rows, len(rows), ROWS * here.size):
        first = start + here.rank * ROWS
        mine = rows[first : first + ROWS]
        prompts = [encoder.prompt(row) for row in mine]
        groups = rollout.generate(prompts, settings.samples, settings.sampling, seed=seed, step="draws") if mine else []
        new = here.gather(judge(mine, groups, tasks, encoder, first, settings))
        draws.records += [record for record, _ in new]
        for _, problem in new:
            draws.reward_faults += bool(problem)
            if problem and here.main:
                report(settings.name, start, len(rows), note=problem)
        draws.seconds = time.monotonic() - started
        share = sum(record["correct"] for record in draws.records) / len(draws.records)
        if here.main:
            report(settings.name, draws.rows, len(rows), drawn=len(draws.records), correct=share)
        if own is None:
            continue
        stopping = here.any(stop_requested())
        if here.main and (stopping or draws.rows == len(rows) or time.monotonic() - saved > SECONDS_BETWEEN):
            with scratch() as folder:
                draws.write(folder)
                own.save(draws.rows, folder)
            saved = time.monotonic()
        if stopping:
            raise Stopped(f"Stage {settings.name} was stopped after row {draws.rows} of {len(rows)}; run it again.")
    return draws


def judge(
    rows: Sequence[Row],
    groups: Sequence[Sequence[Completion]],
    tasks: Sequence[Task],
    encoder: Encoder,
    first: int,
    settings: ShortestSft | Dpo,
) -> list[tuple[Draw, str]]:
    """A record a completion, and what went wrong with its reward; `first` is the number of the first row, from 0."""
    by_name = {task.name: task for task in tasks}
    places = [number for number, group in enumerate(groups) for _ in group]
    flat = [completion for group in groups for completion in group]
    texts = [encoder.decode(completion.ids.tolist()) for completion in flat]
    cut, lengths = [completion.truncated for completion in flat], [len(completion.ids) for completion in flat]
    problems: dict[int, list[str]] = {}
    components = score(
        texts, [rows[place] for place in places], tasks, cut, lengths,
        faults=settings.fit.faults if isinstance(settings, ShortestSft) else settings.faults,
        where=f"Stage {settings.name}, rows from number {first + 1} on: ",
        note=lambda number, text: problems.setdefault(number, []).append(text),
    )  # fmt: skip
    records: list[tuple[Draw, str]] = []
    for number, (place, completion, text, parts) in enumerate(zip(places, flat, texts, components, strict=True)):
        task = by_name[rows[place]["task"]]
        leading = parts[task.rewards[0].name]
        record = {
            "step": first + place + 1,
            "row_id": rows[place]["row_id"],
            "turn": 1,
            "completion": text,
            "tokens": len(completion.ids),
            "truncated": completion.truncated,
            "reward": total(parts, task),
            "rewards": json.dumps(parts),
            "advantage": None,
            "correct": leading is not None and leading >= 1.0,
            "ids": completion.ids.tolist(),
        }
        records.append((record, "; ".join(problems.get(number, []))))
    return records


def lengths_and_correct(group: Sequence[Draw]) -> tuple[list[int], list[bool]]:
    """Tokens and correctness of a row's completions."""
    return [record["tokens"] for record in group], [record["correct"] for record in group]


def beside(checkpoints: Checkpoints | None) -> Checkpoints | None:
    """The place of a stage's draws, beside the checkpoints of the training that follows them."""
    return checkpoints and Checkpoints(checkpoints.store, f"{checkpoints.key}-draws")
