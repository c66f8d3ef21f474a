"""CLEVR-CoGenT validation with complex questions: part A has the colours of training, part B swaps them.

Hub: MMInstruction/Clevr_CoGenT_ValA and MMInstruction/Clevr_CoGenT_ValB, 5,000 rows each, sampled with seed 1234. Rows
are as in the RL set: image, problem, solution.
"""

from collections.abc import Iterator
from dataclasses import replace

from rlvr.data.source import RawRow, Source
from rlvr.datasets import scene_questions
from rlvr.datasets.tagged_solutions import convert


def synthetic_a(n: int, seed: int) -> Iterator[RawRow]:
    """`n` scenes as in the synthetic training rows, from another seed."""
    return _drawn(n, f"clevr_cogent_val_a {seed}")


def synthetic_b(n: int, seed: int) -> Iterator[RawRow]:
    """As part A, from a seed of its own; the colours are not swapped."""
    return _drawn(n, f"clevr_cogent_val_b {seed}")


def _drawn(n: int, seed: str) -> Iterator[RawRow]:
    for item in scene_questions.items(n, seed):
        yield {
            "image": item.picture,
            "problem": item.question,
            "solution": f"<answer> {item.answer} </answer>",
        }


VAL_A = Source(
    name="clevr_cogent_val_a",
    title="CLEVR-CoGenT validation A, complex questions",
    hub_id="MMInstruction/Clevr_CoGenT_ValA",
    files="data/*.parquet",
    licence="not stated (CLEVR-CoGenT pictures: CC BY 4.0)",
    published_rows=5000,
    columns=("image", "problem", "solution"),
    convert=convert,
    synthetic=synthetic_a,
)
"""Colours as in training."""

VAL_B = replace(
    VAL_A,
    name="clevr_cogent_val_b",
    title="CLEVR-CoGenT validation B, complex questions",
    hub_id="MMInstruction/Clevr_CoGenT_ValB",
    synthetic=synthetic_b,
)
"""Colours swapped between shapes."""
