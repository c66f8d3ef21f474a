"""CLEVR-CoGenT-A with reasoning traces, the cold start of R1-V's third variant.

Hub: MMInstruction/Clevr_CoGenT_TrainA_R1, split train, 37,800 rows (5.77 GB). A raw row:

    {"image": {"bytes": <PNG>, "path": ...}, "thinking": "<think>...</think>", "problem": "...",
     "solution": "<answer> 3 </answer>"}

DeepSeek-R1 wrote the traces from textual scene descriptions; traces that arrive at the label were kept. The reference
response is the trace, an empty line and the solution.
"""

from collections.abc import Iterator
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import clevr_cogent_complex, scene_questions, tagged_solutions


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields, with the reference response."""
    return tagged_solutions.convert(raw) | {"response": f"{raw['thinking']}\n\n{raw['solution']}"}


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` scenes with questions and short traces that are right, as upstream's were filtered to be."""
    for item in scene_questions.items(n, f"clevr_cogent_r1 {seed}"):
        thought, answer = scene_questions.reasoning(item.question, item.answer)
        yield {
            "image": item.picture,
            "thinking": f"<think> {thought} </think>",
            "problem": item.question,
            "solution": f"<answer> {answer} </answer>",
        }


TRAIN = Source(
    name="clevr_cogent_r1",
    title="CLEVR-CoGenT-A with R1 traces",
    hub_id="MMInstruction/Clevr_CoGenT_TrainA_R1",
    files="data/train-*.parquet",
    licence="not stated (CLEVR-CoGenT pictures: CC BY 4.0)",
    published_rows=37_800,
    columns=("image", "thinking", "problem", "solution"),
    convert=convert,
    synthetic=synthetic,
    demonstrate=clevr_cogent_complex.demonstrate,
)
"""What R1-V's complex variant is fine-tuned on first. The survey takes it for the RL set."""
