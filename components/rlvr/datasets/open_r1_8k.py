r"""multimodal-open-r1-8k-verified: questions of Math360K and Geo170K rewritten by GPT-4o, with its worked solutions.

Hub: lmms-lab/multimodal-open-r1-8k-verified, split train, 7,690 rows, one parquet of 377 MB. A raw row:

    {"image": {"bytes": <PNG>, "path": ...}, "problem": "...",
     "solution": "<think>...</think>\n\n<answer>A</answer>", "original_question": "...", "original_answer": "..."}

Answers are numbers, formulas or letters of options that stand in the problem. Synthetic rows have the same columns and
show the bar charts of `rlvr.datasets.charts`, three of four with a number and one with a letter.
"""

from collections.abc import Iterator

from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts
from rlvr.datasets.choices import listed
from rlvr.datasets.tagged_solutions import convert

TALLEST = 0.25
"""Share of synthetic rows with options."""


def demonstrate(row: Row) -> str:
    """A worked response to a synthetic row: the bar that is asked about, counted block by block, then the answer.

    Three of five demonstrations stop one block early, or name a place without looking: the base counts, but carelessly,
    and RL has something to teach.
    """
    careless = int(row["row_id"], 16) % 5 < 3
    bars = charts.read(row["images"][0])
    if not row["answer"].isdecimal():
        heights = [bar.height for bar in bars]
        given = "ABC"[heights.index(min(heights))] if careless else row["answer"]
        return f"<think> {' '.join(map(str, heights))} </think> <answer>{given}</answer>"
    wrong = int(row["answer"]) - 1 or 2
    count = wrong if careless else int(row["answer"])
    counted = " ".join(str(number) for number in range(1, count + 1))
    return f"<think> {counted} </think> <answer>{count}</answer>"


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts with short solutions."""
    for item in charts.items(n, f"open_r1_8k {seed}", tallest=TALLEST):
        answer = item.letter if item.choices else item.answer
        thought = f"the {item.answer} bar" if item.choices else f"count the blocks up to {answer}"
        yield {
            "image": item.picture,
            "problem": listed(item.question, item.choices),
            "solution": f"<think> {thought} </think>\n\n<answer>{answer}</answer>",
            "original_question": item.question,
            "original_answer": answer,
        }


TRAIN = Source(
    name="open_r1_8k_train",
    title="multimodal-open-r1-8k-verified",
    hub_id="lmms-lab/multimodal-open-r1-8k-verified",
    files="data/train-*.parquet",
    published_rows=7690,
    columns=("image", "problem", "solution"),
    convert=convert,
    synthetic=synthetic,
    demonstrate=demonstrate,
)
"""What open-r1-multimodal trains on; the page says 7.69k rows."""
