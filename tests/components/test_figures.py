"""Geometry figures: what is drawn, and that the same seed draws the same picture."""

import io
import random

import numpy as np
from PIL import Image

from rlvr.datasets import figures


def test_angles_add_up_and_every_answer_occurs() -> None:
    rng = random.Random(3)
    drawn = [figures.draw(rng) for _ in range(200)]
    assert {figure.kind for figure in drawn} == {"triangle", "line"}
    assert {figure.answer_degrees for figure in drawn} == set(figures.ANSWERS_DEGREES)
    assert all(sum(figure.labelled_degrees) + figure.answer_degrees == 180 for figure in drawn)
    assert len({figure.png for figure in drawn}) == 200


def test_the_same_seed_draws_the_same_bytes() -> None:
    one, other = (figures.draw(random.Random(5), "triangle") for _ in range(2))
    assert one == other
    assert Image.open(io.BytesIO(one.png)).size == (figures.WIDTH_PX, figures.HEIGHT_PX)


def test_the_base_of_a_triangle_rises_as_steeply_as_its_label_says() -> None:
    figure = figures.draw(random.Random(8), "triangle")
    dark = np.asarray(Image.open(io.BytesIO(figure.png)).convert("L")) < 70
    floor = figures.HEIGHT_PX - figures.DIGITS_PX - figures.MARGIN_PX
    low, high = (float(np.flatnonzero(dark[row])[0]) for row in (floor - 6, floor - 26))
    assert abs(np.degrees(np.arctan2(20, high - low)) - figure.labelled_degrees[0]) < 5
