"""What a checkpoint belongs to: settings, rows, seed and processes. Going on from another one would mix two runs."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from rlvr.canonical import digest
from rlvr.data.rows import Row
from rlvr.errors import RlvrError
from rlvr.method import Task
from rlvr.training import Faults

FILE = "made_for.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeFor:
    """The identity of a training run, as far as its checkpoints are concerned."""

    settings: str
    """Digest of the stage's settings, but for what it does about faults."""
    tasks: str
    """Digest of the tasks' prompts and rewards, by name."""
    rows: str
    """Digest of the row ids, in order."""
    seed: int
    """Seed of the stage."""
    processes: int
    """Number of ranks."""

    @classmethod
    def of(cls, settings: Any, tasks: Sequence[Task], rows: Sequence[Row], seed: int, processes: int) -> "MadeFor":
        """The identity of a stage; `settings` are its own, with `faults`."""
        named = {task.name: {"prompt": task.prompt, "rewards": task.rewards} for task in tasks}
        return cls(
            settings=digest(replace(settings, faults=Faults())),
            tasks=digest(named),
            rows=digest([row["row_id"] for row in rows]),
            seed=seed,
            processes=processes,
        )

    def write(self, folder: Path) -> None:
        """Put it beside what the checkpoint holds."""
        (folder / FILE).write_text(json.dumps(asdict(self), indent=1, sort_keys=True))

    def require(self, folder: Path, label: str, step: int) -> None:
        """`RlvrError` when the checkpoint in `folder`, after `step` steps of stage `label`, belongs to another run."""
        text = (folder / FILE).read_text()
        try:
            told = json.loads(text)
            others = [field.name for field in fields(self) if told[field.name] != getattr(self, field.name)]
        except (ValueError, KeyError, TypeError) as error:
            raise RlvrError(
                f"Stage {label}: the checkpoint after step {step} does not say what it was made for "
                f"({type(error).__name__}: {error}), so it is not gone on from. Remove the stage's checkpoints to "
                f"begin it again."
            ) from error
        if others:
            raise RlvrError(
                f"Stage {label}: the checkpoint after step {step} was made for other {' and other '.join(others)}. "
                f"Give the stage what it had, or remove its checkpoints to begin it again."
            )
