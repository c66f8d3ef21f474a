"""Both rules on completions: threads change nothing, and what a rule cannot score is named."""

import math
from dataclasses import replace
from typing import Any

import pytest

from rlvr.benchmarks import coco_detection, geoqa_test, superclevr_200
from rlvr.errors import RlvrError
from rlvr.scoring import rules


def nan_rule(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    return [math.nan if text == "7" else 1.0 for text in answer]


def short_rule(completions: list[str], **_: Any) -> list[float | None]:
    return []


def test_long_lists_are_scored_in_threads_in_order() -> None:
    numbers = [number % 40 for number in range(300)]
    replies = [f"<think>hm</think> <answer> {number} </answer>" for number in numbers]
    truths = [str(number if number % 3 else number + 1) for number in numbers]
    scores = rules.scored(geoqa_test.BENCHMARK, replies, {"answer": truths})
    assert [one["published"] for one in scores] == [float(number % 3 != 0) for number in numbers]
    assert [one["strict"] for one in scores] == [one["published"] for one in scores]


def test_columns_that_rules_read() -> None:
    assert rules.columns_read(superclevr_200.BENCHMARK) == ["answer"]
    assert rules.columns_read(coco_detection.FEW_SHOT)[:1] == ["boxes_xyxy_px"]
    grouped = replace(superclevr_200.BENCHMARK, cluster_by="problem", macro_by="kind")
    assert rules.columns_read(grouped) == ["answer", "kind", "problem"]


def test_a_row_that_cannot_be_scored_is_named() -> None:
    with pytest.raises(RlvrError, match=r"row b: the published rule .*superclevr_published cannot score it .*'many'"):
        names = ["row a", "row b", "row c"]
        rules.scored(superclevr_200.BENCHMARK, ["<answer>4</answer>"] * 3, {"answer": ["4", "many", "4"]}, names)
    broken = replace(superclevr_200.BENCHMARK, strict_rule=nan_rule)
    with pytest.raises(RlvrError, match=r"completion 2: the strict rule .*nan_rule gave nan"):
        rules.scored(broken, ["<answer>4</answer>"] * 2, {"answer": ["4", "7"]})
    with pytest.raises(RlvrError, match="short_rule gave 0 scores, not 1"):
        rules.scored(replace(superclevr_200.BENCHMARK, strict_rule=short_rule), ["x"], {"answer": ["4"]})
