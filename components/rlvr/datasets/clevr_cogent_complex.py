"""CLEVR-CoGenT-A with complex questions, the RL set of R1-V's third variant.

Hub: MMInstruction/Clevr_CoGenT_TrainA_70K_Complex, split train, 70,000 rows. A raw row:

    {"image": {"bytes": <PNG>, "path": ...}, "problem": "...", "solution": "<answer> yes </answer>"}

Answers are numbers and words. Synthetic rows have the same columns and the questions of `scene_questions`.
"""

from collections.abc import Iterator

from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import scene_questions
from rlvr.datasets.tagged_solutions import convert


def demonstrate(row: Row) -> str:
    """A worked response to a synthetic row; three of five miscount by one or compare the wrong way round."""
    thought, given = scene_questions.reasoning(row["prompt"], row["answer"], int(row["row_id"], 16) % 5 < 3)
    return f"<think> {thought} </think> <answer> {given} </answer>"


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` scenes with questions."""
    for item in scene_questions.items(n, f"clevr_cogent_complex {seed}"):
        yield {
            "image": item.picture,
            "problem": item.question,
            "solution": f"<answer> {item.answer} </answer>",
        }


TRAIN = Source(
    name="clevr_cogent_complex",
    title="CLEVR-CoGenT-A, complex questions",
    hub_id="MMInstruction/Clevr_CoGenT_TrainA_70K_Complex",
    files="data/train-*.parquet",
    licence="not stated (CLEVR-CoGenT pictures: CC BY 4.0)",
    published_rows=70_000,
    columns=("image", "problem", "solution"),
    convert=convert,
    synthetic=synthetic,
    demonstrate=demonstrate,
)
"""What R1-V's complex variant trains on with RL."""
