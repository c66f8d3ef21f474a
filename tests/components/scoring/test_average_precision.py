"""Pooled AP against faster-coco-eval and against numbers that pycocotools 2.0.11 gave for the same boxes."""

from dataclasses import replace

import numpy as np
import pytest

from rlvr.benchmarks.ovdeval_parts import PRINTED
from rlvr.datasets.ovdeval import GROUPS
from rlvr.scoring.average_precision import Ranking, average_precision
from rlvr.scoring.grouped_precision import GroupedRanking, grouped_average_precision, mean_of_groups
from rlvr.scoring.picture import Picture, pixels

LABELS = ("cat", "dog", "bus")

PYCOCOTOOLS = {
    0: 0.02716861306943457,
    1: 0.05359360571571795,
    2: 0.035784854680119556,
    3: 0.05249401066726773,
    4: 0.06749754357571573,
    5: 0.065546313100791,
}


def pictures(seed: int, count: int = 40) -> list[Picture]:
    """Random boxes: shifted copies of the true ones, some with a wrong label, strays, and many equal scores."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        truth, found = [], []
        for _ in range(rng.integers(0, 5)):
            x, y = rng.uniform(0, 200, 2)
            w, h = rng.uniform(5, 80, 2)
            label = LABELS[rng.integers(3)]
            truth.append((label, (x, y, x + w, y + h)))
            for _ in range(rng.integers(0, 3)):
                dx, dy, dw, dh = rng.normal(0, 6, 4)
                said = LABELS[rng.integers(3)] if rng.random() < 0.1 else label
                box = (x + dx, y + dy, x + w + dx + dw, y + h + dy + dh)
                found.append((said, box, float(np.round(rng.random(), 2))))
        for _ in range(rng.integers(0, 3)):
            x, y = rng.uniform(0, 200, 2)
            w, h = rng.uniform(5, 80, 2)
            found.append((LABELS[rng.integers(3)], (x, y, x + w, y + h), float(np.round(rng.random(), 2))))
        made.append(Picture(found=tuple(found), truth=tuple(truth)))
    return made


@pytest.mark.parametrize("seed", PYCOCOTOOLS)
def test_average_precision_equals_pycocotools(seed: int) -> None:
    assert average_precision(pictures(seed)) == pytest.approx(PYCOCOTOOLS[seed], abs=1e-6)


@pytest.mark.parametrize("seed", range(10, 16))
def test_ranking_equals_average_precision_where_every_picture_counts_once(seed: int) -> None:
    some = pictures(seed)
    assert Ranking(some)(np.ones(len(some))) == pytest.approx(average_precision(some), abs=1e-9)


@pytest.mark.parametrize("seed", range(20, 26))
def test_ranking_equals_average_precision_where_pictures_are_marked_in_part(seed: int) -> None:
    some = [replace(one, exhaustive=number % 3 > 0) for number, one in enumerate(pictures(seed))]
    found = average_precision(some)
    assert Ranking(some)(np.ones(len(some))) == pytest.approx(found, abs=1e-9)
    assert found > average_precision([replace(one, exhaustive=True) for one in some])


def test_parts_are_averaged_within_their_groups() -> None:
    some, parts = pictures(7, 30), ["attribute/color", "attribute/material", "negation"] * 10
    color, material, negation = (average_precision(some[start::3]) for start in range(3))
    found = grouped_average_precision(some, parts)
    assert found == pytest.approx(((color + material) / 2 + negation) / 2)
    assert GroupedRanking(some, parts)(np.ones(30)) == pytest.approx(found, abs=1e-9)
    weights = np.array([1.0, 1.0, 0.0] * 10)  # no picture of `negation` is drawn
    assert GroupedRanking(some, parts)(weights) == pytest.approx((color + material) / 2, abs=1e-9)
    assert mean_of_groups({}) == 0.0


def test_published_parts_of_ovdeval_give_the_published_overall_figures() -> None:
    overall = {"base": 25.46, "sft": 26.5, "tuned": 31.01}
    parts = {part: GROUPS.get(part, part) + "/" + part for part in PRINTED}
    for place, role in enumerate(overall):
        values = {parts[part]: scores[place] for part, scores in PRINTED.items()}
        assert mean_of_groups(values) == pytest.approx(overall[role], abs=0.06)


def test_weights_stand_for_copies_of_pictures() -> None:
    some = [picture for picture in pictures(3, 12)]
    weights = np.array([0, 2, 1, 1, 3, 0, 1, 1, 2, 0, 1, 0], dtype=np.float64)
    copies = [picture for picture, times in zip(some, weights, strict=True) for _ in range(int(times))]
    assert Ranking(some)(weights) == pytest.approx(average_precision(copies), abs=0.02)
    assert Ranking(some)(np.zeros(12)) == 0.0


def test_pooling_is_not_the_mean_of_pictures() -> None:
    box = (0.0, 0.0, 10.0, 10.0)
    right = Picture(found=(("cat", box, 0.9),), truth=(("cat", box),))
    stray = Picture(found=(("cat", box, 0.99),), truth=())
    assert average_precision([right]) == 1.0 == average_precision([right, right])
    assert average_precision([right, stray]) == pytest.approx(0.5)  # a stray above it in another picture counts


def test_edges() -> None:
    box = (0.0, 0.0, 10.0, 10.0)
    nothing = Picture(found=(), truth=(("cat", box),))
    assert average_precision([nothing]) == 0.0 == average_precision([Picture(found=(("cat", box, 1.0),), truth=())])
    assert Ranking([nothing])(np.ones(1)) == 0.0 == Ranking([])(np.ones(0))
    reversed_box = Picture(found=(("cat", (10.0, 10.0, 0.0, 0.0), 1.0),), truth=(("cat", box),))
    assert average_precision([reversed_box]) == 0.0 == Ranking([reversed_box])(np.ones(1))


def test_a_picture_travels_as_text() -> None:
    (some,) = pictures(5, 1)
    assert Picture.from_text(some.to_text()) == some
    for text in ("{}", "[]", '{"found": [["cat", 1]], "truth": []}', "nothing", '{"found": 3, "truth": []}'):
        with pytest.raises(ValueError):
            Picture.from_text(text)


def test_only_numbers_that_can_be_pixels_are_boxes() -> None:
    assert pixels([0, 1, 2.5, 3]) == (0.0, 1.0, 2.5, 3.0)
    for corners in ([1, 2, 3], ["a", 1, 2, 3], [1e9, 0, 1, 1], [float("nan"), 0, 1, 1], None, "1234", [[1], 2, 3, 4]):
        assert pixels(corners) is None
