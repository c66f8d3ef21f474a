"""Great Expectations judges tables of facts: which rows fail which check of a suite.

Null facts are not judged: the size of a picture that is not there, the score of a row that no rule can score.
Tables are judged a part at a time, so memory does not grow with the data set.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from rlvr.data.suites import Check
from rlvr.errors import RlvrError

PART_ROWS = 10_000
"""Rows judged at a time."""

ACROSS_ROWS = ("expect_column_values_to_be_unique",)
"""Expectations that compare rows with each other: they judge the whole column at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What a check found."""

    check: Check
    """The check."""
    judged: int
    """Rows that had the fact."""
    positions: tuple[int, ...]
    """Positions of the failing rows, in order."""
    row_ids: tuple[str, ...]
    """Their ids, in the same order."""


def judge(facts: pa.Table, checks: Sequence[Check]) -> list[Finding]:
    """What each of `checks` finds in `facts`, which has columns `position` and `row_id` besides those judged."""
    for check in checks:
        if check.column not in facts.column_names:
            raise RlvrError(
                f"Check {check.name} judges the column {check.column!r}, which is not among "
                f"{', '.join(name for name in facts.column_names if name not in ('position', 'row_id'))}."
            )
    failing: dict[str, list[tuple[int, str]]] = {check.name: [] for check in checks}
    judged = {check.name: facts.num_rows - facts[check.column].null_count for check in checks}
    # A column of nothing but nulls has no type that an expectation could compare, and nothing to find.
    useful = [check for check in checks if judged[check.name]]
    with warnings.catch_warnings():
        # The library's own imports are full of deprecations, which are not ours to mend.
        warnings.simplefilter("ignore")
        for chosen, part_rows in (
            ([check for check in useful if check.expectation not in ACROSS_ROWS], PART_ROWS),
            ([check for check in useful if check.expectation in ACROSS_ROWS], facts.num_rows),
        ):
            for start in range(0, facts.num_rows, part_rows) if chosen else ():
                for name, row in _failing(facts.slice(start, part_rows), chosen):
                    failing[name].append(row)
    return [
        Finding(
            check=check,
            judged=judged[check.name],
            positions=tuple(place for place, _ in sorted(failing[check.name])),
            row_ids=tuple(name for _, name in sorted(failing[check.name])),
        )
        for check in checks
    ]


def _failing(facts: pa.Table, checks: Sequence[Check]) -> Iterator[tuple[str, tuple[int, str]]]:
    """Check and (position, id) of each failure."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    judged = dict.fromkeys(check.column for check in checks)
    frame = facts.select(["position", "row_id", *judged]).to_pandas()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("facts").add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch(batch_parameters={"dataframe": frame})
    suite = gx.ExpectationSuite("checks", expectations=[_expectation(check) for check in checks])
    # Only `validate` keeps the result in memory; checkpoints write it into stores and trip over numpy scalars.
    wanted = {"result_format": "COMPLETE", "unexpected_index_column_names": ["position", "row_id"]}
    for result in batch.validate(suite, result_format=wanted).results:
        name = result.expectation_config.meta["name"]
        if reason := _exception(result.exception_info):
            raise RlvrError(f"Check {name} could not be computed ({reason}); compare its arguments with its column.")
        for row in result.result["unexpected_index_list"] or []:
            yield name, (int(row["position"]), str(row["row_id"]))


def _exception(info: Mapping[str, Any]) -> str:
    """What went wrong, told of the expectation or of each measurement behind it; empty when nothing did."""
    for entry in (info, *info.values()):
        if isinstance(entry, Mapping) and entry.get("raised_exception"):
            return (str(entry.get("exception_message")).splitlines() or [""])[0] or "an exception"
    return ""


def _expectation(check: Check) -> Any:
    """Great Expectations' object, which must judge values one by one so that each failure has a row."""
    import great_expectations.expectations as gxe

    name = "".join(part.capitalize() for part in check.expectation.split("_"))
    kind = getattr(gxe, name, None)
    if kind is None or not getattr(kind, "map_metric", None):
        raise RlvrError(
            f"Check {check.name} uses {check.expectation!r}, which is not an expectation of Great Expectations that "
            f"judges the values of a column one by one, such as expect_column_values_to_be_between."
        )
    meta = {"name": check.name, "why": check.why}
    try:
        return kind(column=check.column, severity=check.severity, meta=meta, **check.arguments)
    except (TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise RlvrError(f"The arguments of check {check.name} do not fit {check.expectation}: {reason}") from error
