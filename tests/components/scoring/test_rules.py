"""Both rules on completions: threads change nothing, and what a rule cannot score is named."""

import math
import time
from dataclasses import replace
from typing import Any

import pytest

from rlvr.benchmarks import coco_detection, geoqa_test, superclevr_200
from rlvr.errors import RlvrError
from rlvr.rewards import symbolic
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


def raising_rule(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    SEEN.append(len(completions))
    if "7" in answer:
        raise ValueError("no")
    time.sleep(0.02)
    return [1.0] * len(completions)


SEEN: list[int] = []


def test_an_error_ends_the_scoring_of_a_long_list() -> None:
    SEEN.clear()
    one = replace(superclevr_200.BENCHMARK, published_rule=raising_rule)
    with pytest.raises(RlvrError, match="completion 1: the published rule"):
        rules.scored(one, ["<answer>4</answer>"] * 40_000, {"answer": ["7", *["4"] * 39_999]})
    assert sum(size == rules.CHUNK for size in SEEN) < 60  # of 313 parts


def test_what_was_read_before_changes_no_verdict() -> None:
    pairs = [
        ("$\\pi$", "$3.14$"),
        ("$\\frac{1}{2}$", "0.5"),
        ("0.5", "$\\frac{1}{2}$"),
        ("{1, 2}", "{2, 1}"),
        ("x", "y"),
    ]
    ways: list[dict[str, Any]] = [{}, {"truth_first": True}, {"pi": 3.14}, {"rounding": 2}]
    asked = [(pair, way) for way in ways for pair in pairs]

    def verdicts(order: list[int]) -> list[symbolic.Comparison]:
        symbolic.compare.cache_clear()
        found = {place: symbolic.compare(*asked[place][0], **asked[place][1]) for place in order}
        return [found[place] for place in sorted(found)]

    places = list(range(len(asked)))
    first = verdicts(places)
    assert verdicts(places[::-1]) == first == verdicts(places)
    symbolic._pool.close()  # a new process remembers nothing
    assert verdicts(places[1::2] + places[::2]) == first
    assert {one.equal for one in first} == {True, False}
