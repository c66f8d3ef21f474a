"""Easy rows before hard ones (Kimi k1.5 §2.3.4), by a label or by the start model's measured pass rate."""

import json
import math
from collections.abc import Sequence
from typing import Any

from rlvr.data.rows import Row
from rlvr.errors import RlvrError
from rlvr.rl.samplers.orders import further, shuffled
from rlvr.rl.samplers.sampler import Outcome, Probe
from rlvr.rl.samplers.uniform import UniformSampler
from rlvr.training import Curriculum


class CurriculumSampler:
    """Two forms.

    Without warm-up every row comes once an epoch in order of difficulty, equally difficult ones shuffled anew each
    epoch; later attempts take the rows nearest in difficulty. With warm-up all rows come uniformly first, and from
    step `warmup_steps` on only the hardest share does, uniformly too (Kimi k1.5 Fig. 9).
    """

    def __init__(self, settings: Curriculum, rows: Sequence[Row], per_step: int, seed: int) -> None:
        self.settings, self.per_step, self.seed = settings, per_step, seed
        self.everything = UniformSampler(rows=len(rows), per_step=per_step, seed=seed)
        self.difficulty = [label(row) for row in rows] if settings.by == "label" else None

    def probe(self, step: int) -> Probe | None:
        """The pass rate of every row, once."""
        if self.difficulty is not None:
            return None
        return Probe(
            indices=list(range(self.everything.rows)),
            samples=self.settings.samples,
            temperature=self.settings.temperature,
        )

    def observe_probe(self, outcomes: Sequence[Outcome]) -> None:
        """Difficulty is 1 - pass rate; rows that could not be measured count as never passed."""
        rates = {outcome.index: outcome.accuracy for outcome in outcomes}
        self.difficulty = [1 - rates.get(index, 0.0) for index in range(self.everything.rows)]

    def indices(self, step: int, attempt: int = 0) -> list[int]:
        """Row numbers of a step."""
        if step < self.settings.warmup_steps:
            return self.everything.indices(step, attempt)
        if self.settings.warmup_steps:
            pool = self.hardest()
            hard = UniformSampler(rows=len(pool), per_step=self.per_step, seed=self.seed)
            return [pool[index] for index in hard.indices(step - self.settings.warmup_steps, attempt)]
        return self.ascending(step, attempt)

    def hardest(self) -> list[int]:
        """The hardest share of the rows; which of equally difficult ones belong to it depends on the seed."""
        order = self.order(0)
        return order[-max(1, round(self.settings.hardest * len(order))) :]

    def ascending(self, step: int, attempt: int) -> list[int]:
        """Rows of a step of the form without warm-up."""
        rows, first = self.everything.rows, step * self.per_step
        positions = [divmod(position, rows) for position in range(first, first + self.per_step)]
        orders = {epoch: self.order(epoch) for epoch in {epoch for epoch, _ in positions}}
        chosen = [orders[epoch][offset] for epoch, offset in positions]
        if not attempt:
            return chosen
        epoch, offset = positions[len(positions) // 2]
        nearest = sorted(range(rows), key=lambda place: (abs(place - offset), place))
        return further([orders[epoch][place] for place in nearest], chosen, self.per_step, attempt)

    def order(self, epoch: int) -> list[int]:
        """All rows from easy to hard."""
        difficulty = self.difficulty
        if difficulty is None:
            raise RlvrError("The curriculum goes by the measured pass rate: observe the probe before asking for rows.")
        return sorted(shuffled(self.everything.rows, self.seed, epoch), key=lambda row: difficulty[row])

    def observe(self, outcomes: Sequence[Outcome]) -> None:
        """The order stays as it is."""

    def state(self) -> dict[str, Any]:
        """The measured difficulties, if any."""
        return {"difficulty": self.difficulty if self.settings.by == "pass_rate" else None}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        if self.settings.by == "pass_rate":
            self.difficulty = state["difficulty"]


def label(row: Row) -> float:
    """The number `difficulty` of the row's extra columns; raises `RlvrError` naming the row where there is none."""
    value = json.loads(row.get("extra") or "{}").get("difficulty")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RlvrError(
            f"Row {row['row_id']} of task {row['task']} has no number `difficulty` in its extra columns (found "
            f"{value!r}), and the curriculum goes by it. Give every row of the task one, or use by='pass_rate'."
        )
    return float(value)
