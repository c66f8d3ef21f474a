"""Every rule-based reward of every method: whatever a model writes, a score in its range or None, never an error."""

import copy
import math

import pytest
from fuzzing import bounded, texts, trying, values
from hypothesis import given
from hypothesis import strategies as st

from rlvr.data import rows
from rlvr.data.gold import judged_scores
from rlvr.data.ingest import converted
from rlvr.errors import RlvrError
from rlvr_pipelines.methods import METHODS

ROWS = 4
"""Completions of a call; rewards of batches compare them."""

RANGES = {
    "repetition.penalty": (-1, 0),
    "word_runs.repetition": (-0.5, 0),
}
"""Lowest and highest score of rewards that go beyond 0 to 1, as their docstrings say."""


def rewards():
    """Every reward that asks no judge, with the first task that has it."""
    found = {}
    for method in METHODS.values():
        for task in method.tasks:
            for reward in task.rewards:
                if reward.judge is None:
                    found.setdefault(reward.name, (reward, task))
    return found


REWARDS = rewards()


def table(task):
    """The columns of some synthetic rows of a task."""
    made = []
    for raw in task.source.synthetic(ROWS, 0):
        row = converted(raw, task.name, task.source, "row")
        row["row_id"] = rows.row_id(row)
        made.append(row)
    return {**rows.columns(made), "truncated": [False, True, False, True], "tokens": [1, 10, 100, 4096]}


@pytest.mark.parametrize("name", REWARDS)
def test_any_completion(name):
    reward, task = REWARDS[name]
    columns = table(task)
    low, high = RANGES.get(name, (0, 1))

    @trying(12)
    @given(st.lists(texts, min_size=ROWS, max_size=ROWS))
    def target(completions):
        with bounded():
            scores = reward.function(list(completions), **copy.deepcopy(columns))
        assert len(scores) == ROWS
        for score in scores:
            assert score is None or (math.isfinite(score) and low - 1e-9 <= score <= high + 1e-9), score
        assert reward.function(list(completions), **copy.deepcopy(columns)) == scores

    target()


def sources():
    """Every data source with the first task that has it."""
    found = {}
    for method in METHODS.values():
        for task in method.tasks:
            if task.source.synthetic is not None:
                found.setdefault(task.source.name, task)
    return found


SOURCES = sources()


@pytest.mark.parametrize("name", SOURCES)
def test_any_raw_row(name):
    """A publisher's row with anything in one column: refused by name, or a row that the gate can judge."""
    task = SOURCES[name]
    (raw,) = task.source.synthetic(1, 0)

    @trying(12)
    @given(st.sampled_from(sorted(raw)), values)
    def target(column, value):
        with bounded():
            try:
                row = converted({**copy.deepcopy(raw), column: value}, task.name, task.source, "row 7")
                row["row_id"] = rows.row_id(row)
            except RlvrError as error:
                assert "row 7" in str(error)
                return
            _, errors, _ = judged_scores(task, [row])
        assert len(errors) == 1

    target()


def test_pictures_that_are_no_list_are_refused_by_the_row():
    task = SOURCES["kimi_mix_train"]
    (raw,) = task.source.synthetic(1, 0)
    with pytest.raises(RlvrError, match="row 7: field 'images' is True; expected a list of pictures"):
        converted({**raw, "images": True}, task.name, task.source, "row 7")


def test_a_video_that_is_text_is_refused_by_the_row():
    task = SOURCES["charades_sta_train"]
    (raw,) = task.source.synthetic(1, 0)
    with pytest.raises(RlvrError, match="row 7: field 'video' is '<think>'; expected encoded bytes"):
        converted({**raw, "video": "<think>"}, task.name, task.source, "row 7")


@pytest.mark.parametrize(
    ("name", "column", "value"), [("next_gqa_val", "glue", {"": None}), ("curr_reft_open_detection", "task", None)]
)
def test_an_answer_of_which_no_completion_can_be_made_is_a_finding_of_the_gate(name, column, value):
    task = SOURCES[name]
    (raw,) = task.source.synthetic(1, 0)
    row = converted({**raw, column: value}, task.name, task.source, "row 7")
    row["row_id"] = rows.row_id(row)
    _, (error,), _ = judged_scores(task, [row])
    assert error.startswith("no completion can be made of its answer: ")
