"""How a benchmark's scores are arranged: samples a row, rows that share a problem, parts, and what is averaged.

Scores alone do not say how sure a number is. Two questions about one video are not two independent rows, four samples
of a row are not four rows, and a mean over parts weighs rows unequally. The evaluate stage writes the arrangement
beside the scores (`evaluation.json`, columns of `predictions.parquet`), so that whoever reads them needs nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from rlvr.errors import RlvrError
from rlvr.scoring.picture import Picture

RULES = ("published", "strict")
"""The two answer rules."""

AGGREGATES = ("mean", "macro_mean", "average_precision", "grouped_average_precision")
"""Mean over rows; mean over the parts' means; COCO's average precision over all pictures; mean over groups of parts of
the parts' average precisions."""

OF_BOXES = ("average_precision", "grouped_average_precision")
"""Those that are computed from boxes."""

OF_PARTS = ("macro_mean", "grouped_average_precision")
"""Those that need each row's part."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Design:
    """The arrangement of one file of predictions. Replies stand row by row, `samples` of each."""

    aggregate: str = "mean"
    """One of `AGGREGATES`."""
    samples: int = 1
    """Replies a row."""
    recall_at: tuple[float, ...] = ()
    """Scores from which on a row counts as found."""
    clusters: Sequence[str] | None = None
    """What each reply's row shares with others; None where rows are independent."""
    parts: Sequence[str] | None = None
    """Part that each reply's row belongs to, for a macro mean."""
    pictures: Mapping[str, Sequence[Picture]] = field(default_factory=dict)
    """Rule -> boxes of each reply, for average precision."""

    def at(self, order: Sequence[int]) -> "Design":
        """The same for replies taken in another order."""

        def taken(values: Sequence[Any] | None) -> Any:
            return None if values is None else [values[index] for index in order]

        return Design(
            aggregate=self.aggregate,
            samples=self.samples,
            recall_at=self.recall_at,
            clusters=taken(self.clusters),
            parts=taken(self.parts),
            pictures={rule: taken(pictures) for rule, pictures in self.pictures.items()},
        )


PLAIN = Design()
"""Independent rows, one reply each, averaged."""

COLUMNS = ("cluster", "part", "published_boxes", "strict_boxes")
"""Columns of `predictions.parquet` that hold a design; each may be absent or null throughout."""


def read_design(about: Mapping[str, Any], table: pa.Table, place: str) -> Design:
    """The design that `evaluation.json` (`about`) and the columns of the predictions state; `place` names the file."""
    columns = {name: table[name].to_pylist() for name in COLUMNS if name in table.column_names}
    aggregate, samples = about.get("aggregate", "mean"), about.get("samples", 1)
    if aggregate not in AGGREGATES or not isinstance(samples, int) or samples < 1 or table.num_rows % samples:
        raise RlvrError(
            f"{place}: aggregate {aggregate!r} of {samples!r} samples a row does not fit {table.num_rows} replies; "
            f"expected one of {', '.join(AGGREGATES)} and a number of samples that divides them. Evaluate again."
        )
    pictures = {}
    for rule in RULES if aggregate in OF_BOXES else ():
        try:
            pictures[rule] = [Picture.from_text(text) for text in columns[f"{rule}_boxes"]]
        except (KeyError, TypeError, ValueError) as error:
            raise RlvrError(
                f"{place}: average precision needs the boxes of every reply in the column {rule}_boxes ({error}); "
                f"evaluate again."
            ) from error
    parts = _full(columns.get("part"))
    if aggregate in OF_PARTS and parts is None:
        raise RlvrError(f"{place}: a mean over parts needs each row's part in the column `part`; evaluate again.")
    return Design(
        aggregate=aggregate,
        samples=samples,
        recall_at=tuple(about.get("recall_at", ())),
        clusters=_full(columns.get("cluster")),
        parts=parts,
        pictures=pictures,
    )


def _full(values: list[str | None] | None) -> list[str] | None:
    """The values where every reply has one; None where none has."""
    if values is None or any(value is None for value in values):
        return None
    return [str(value) for value in values]
