"""GeoQA as R1-V trains on it: plane geometry with an angle or a length to be found.

Hub: leonardPKU/GEOQA_R1V_Train_8K, split train, about 8,000 rows. A raw row:

    {"image": {"bytes": <PNG>, "path": ...}, "problem": "...", "solution": "<answer> 140° </answer>"}

Synthetic rows have the same columns; their figures are drawn by `rlvr.datasets.figures`.
"""

import random
from collections.abc import Iterator

from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import figures
from rlvr.datasets.tagged_solutions import convert


def demonstrate(row: Row) -> str:
    """A worked response to a synthetic row: what the given angles add up to, then what is missing to 180 degrees.

    Three of five demonstrations stop at the sum: the base reads the figure, but forgets the last step, and RL has
    something to teach.
    """
    angle = int(row["answer"].rstrip("°"))
    given = angle if int(row["row_id"], 16) % 5 >= 3 else 180 - angle
    return f"<think> {180 - angle} </think> <answer> {given}° </answer>"


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` figures with one angle missing."""
    rng = random.Random(f"geoqa_r1v {seed}")
    for _ in range(n):
        figure = figures.draw(rng)
        yield {
            "image": figure.png,
            "problem": figure.question,
            "solution": f"<answer> {figure.answer_degrees}° </answer>",
        }


TRAIN = Source(
    name="geoqa_r1v_train",
    title="GeoQA (R1-V's training part)",
    hub_id="leonardPKU/GEOQA_R1V_Train_8K",
    files="data/train-*.parquet",
    published_rows=8000,
    columns=("image", "problem", "solution"),
    convert=convert,
    synthetic=synthetic,
    demonstrate=demonstrate,
)
"""About 8,000 rows; the exact count has not been established."""
