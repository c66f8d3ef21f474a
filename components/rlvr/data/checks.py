"""The checks that decide which rows may be trained on: Great Expectations judges the table of facts.

A check is an expectation with a name, a title and a reason in plain words. A row that fails a critical check is
quarantined; a warning is only reported. Null facts are not judged: the size of a picture that is not there, the score
of a row that no rule can score.

Source of the expectation types: https://greatexpectations.io/expectations
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

MIN_SIDE_PX = 28
"""Side of one merged patch of Qwen2-VL and Qwen2.5-VL (14 px patches, merged 2 x 2)."""

MAX_ASPECT_RATIO = 200
"""Aspect ratio above which the Qwen-VL processors refuse a picture."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One expectation on the facts."""

    name: str
    """Identifier, and the reason that quarantined rows carry."""
    title: str
    """What is expected, as people read it."""
    severity: Literal["critical", "warning"]
    """Critical failures are quarantined, warnings are reported."""
    why: str
    """What would go wrong without it."""
    column: str
    """The fact that is judged."""
    expectation: str
    """Great Expectations' type."""
    arguments: Mapping[str, Any]
    """The expectation's further arguments."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What a check found."""

    check: Check
    """The check."""
    positions: tuple[int, ...]
    """Positions of the failing rows, in order."""
    row_ids: tuple[str, ...]
    """Their ids, in the same order."""


def _check(
    name: str,
    title: str,
    severity: Literal["critical", "warning"],
    why: str,
    column: str,
    expectation: str,
    **arguments: Any,
) -> Check:
    return Check(
        name=name,
        title=title,
        severity=severity,
        why=why,
        column=column,
        expectation=expectation,
        arguments=arguments,
    )


_IN_SET = "expect_column_values_to_be_in_set"
_BETWEEN = "expect_column_values_to_be_between"

ROW_CHECKS = (
    _check(
        "fields_present",
        "Every row has an id, a task, a source and an answer kind",
        "critical",
        "logs, quarantine and lineage speak of rows by these fields",
        "absent",
        _IN_SET,
        value_set=[""],
    ),
    _check(
        "decodable",
        "Every picture decodes in full, every video to its first frame",
        "critical",
        "a truncated picture passes a look at its header and stops training when its turn comes",
        "decodable",
        _IN_SET,
        value_set=[True],
    ),
    _check(
        "min_side",
        f"Every picture is at least {MIN_SIDE_PX} px wide and high",
        "critical",
        "a smaller picture does not fill one patch of the vision tower",
        "min_side_px",
        _BETWEEN,
        min_value=MIN_SIDE_PX,
    ),
    _check(
        "aspect_ratio",
        f"No picture is more than {MAX_ASPECT_RATIO} times as long as wide",
        "critical",
        "picture processors refuse such strips",
        "aspect_ratio",
        _BETWEEN,
        max_value=MAX_ASPECT_RATIO,
    ),
    _check(
        "unique",
        "Every row occurs once in its task",
        "critical",
        "repeated rows weigh more than the publication says; the first copy is kept",
        "duplicate",
        _IN_SET,
        value_set=[False],
    ),
    _check(
        "no_conflicting_answers",
        "The same pictures and question have one answer",
        "critical",
        "one of the answers must be wrong, and nothing says which",
        "conflicting",
        _IN_SET,
        value_set=[False],
    ),
    _check(
        "prompt_not_empty",
        "Every row asks something",
        "critical",
        "without a question there is nothing to learn",
        "prompt_empty",
        _IN_SET,
        value_set=[False],
    ),
    _check(
        "answer_not_empty",
        "Every row has an answer",
        "critical",
        "an empty answer is matched by an empty reply",
        "answer_empty",
        _IN_SET,
        value_set=[False],
    ),
    _check(
        "no_placeholder",
        "No question contains a placeholder such as <image> or <|im_start|>",
        "critical",
        "templates and processors give such text a meaning of their own, and the pictures no longer match the prompt",
        "placeholder",
        _IN_SET,
        value_set=[""],
    ),
    _check(
        "gold_scores_1",
        "The task's own rewards give the row's answer 1.0",
        "critical",
        "where the reward cannot read the gold answer, no reply can ever be right",
        "gold_score",
        _BETWEEN,
        min_value=1.0,
    ),
    _check(
        "wrong_scores_less",
        "The task's own rewards give a wrong answer less than 1.0",
        "critical",
        "a row that pays any answer teaches nothing",
        "wrong_score",
        _BETWEEN,
        max_value=1.0,
        strict_max=True,
    ),
    _check(
        "wrong_scores_0",
        "The task's own rewards give a wrong answer 0",
        "warning",
        "partial credit for an answer that is far off is seldom meant",
        "wrong_score",
        _BETWEEN,
        max_value=0.0,
    ),
)
"""Checks on the facts of rows."""

ROW_COUNT = _check(
    "row_count",
    "Every source read whole from the Hub has the published number of rows",
    "warning",
    "another count means another data set, or a split that was changed after publication",
    "as_published",
    _IN_SET,
    value_set=[True],
)
"""The check on sources; the ids of its finding are their names."""


def judge_sources(sources: Sequence[Mapping[str, Any]]) -> Finding:
    """The finding of `ROW_COUNT`; only sources read whole from the Hub with a published count are judged."""
    counted = [
        source
        for source in sources
        if source["location"].startswith("hub") and source["published_rows"] is not None and source["limit"] is None
    ]
    table = {
        "position": list(range(len(counted))),
        "row_id": [source["name"] for source in counted],
        "as_published": [source["rows"] == source["published_rows"] for source in counted],
    }
    return judge(pa.table(table), [ROW_COUNT])[0]


def judge(facts: pa.Table, checks: Sequence[Check]) -> list[Finding]:
    """What each of `checks` finds in `facts`, which has columns `position` and `row_id` besides those judged."""
    if not facts.num_rows:
        return [Finding(check=check, positions=(), row_ids=()) for check in checks]
    with warnings.catch_warnings():
        # The library's own imports are full of deprecations, which are not ours to mend.
        warnings.simplefilter("ignore")
        results = _validated(facts, checks)
    return [_finding(check, results[check.name]) for check in checks]


def _validated(facts: pa.Table, checks: Sequence[Check]) -> dict[str, Any]:
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    judged = dict.fromkeys(check.column for check in checks)
    frame = facts.select(["position", "row_id", *judged]).to_pandas()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("facts").add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch(batch_parameters={"dataframe": frame})
    suite = gx.ExpectationSuite(
        "checks",
        expectations=[
            {
                "type": check.expectation,
                "kwargs": {"column": check.column, **check.arguments},
                "severity": check.severity,
                "meta": {"name": check.name, "why": check.why},
            }
            for check in checks
        ],
    )
    # Only `validate` keeps the result in memory; checkpoints write it into stores and trip over numpy scalars.
    wanted = {"result_format": "COMPLETE", "unexpected_index_column_names": ["position", "row_id"]}
    results = batch.validate(suite, result_format=wanted).results
    return {result.expectation_config.meta["name"]: result for result in results}


def _finding(check: Check, result: Any) -> Finding:
    if result.exception_info.get("raised_exception"):
        raise RuntimeError(f"Check {check.name} could not be computed: {result.exception_info['exception_message']}")
    failing = sorted((int(row["position"]), str(row["row_id"])) for row in result.result["unexpected_index_list"] or [])
    return Finding(
        check=check, positions=tuple(place for place, _ in failing), row_ids=tuple(name for _, name in failing)
    )
