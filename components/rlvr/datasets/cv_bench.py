r"""CV-Bench: 2,638 questions about counts, spatial relations, depth and distance in photographs.

Hub: nyu-visionx/CV-Bench, split test (files test_2d.parquet and test_3d.parquet). A raw row:

    {"idx": 0, "type": "2D", "task": "Relation", "image": <picture>, "question": "...", "choices": ["left", "right"],
     "answer": "(A)", "prompt": "... Select from the following choices.\n(A) left\n(B) right", "source": "COCO", ...}

The answer is a letter; ours is the text of the option, which scorers turn into the letter and its spellings.
"""

import json
from collections.abc import Iterator
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import object_pairs
from rlvr.datasets.choices import LETTERS, listed

TASKS = {"beside": ("2D", "Relation"), "over": ("2D", "Relation"), "depth": ("3D", "Depth")}
"""Kinds of synthetic questions -> `type` and `task`."""


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; the prompt is upstream's, which lists the options."""
    options = list(raw["choices"])
    return {
        "images": [raw["image"]],
        "prompt": raw["prompt"],
        "answer": options[LETTERS.index(raw["answer"].strip("()"))],
        "answer_kind": "option",
        "options": options,
        "extra": json.dumps({"subset": raw["task"]}),
    }


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pairs of objects, as in the synthetic rows of SAT, from another seed."""
    for number, pair in enumerate(object_pairs.pairs(n, f"cv_bench {seed}")):
        kind, task = TASKS[pair.kind]
        yield {
            "idx": number,
            "type": kind,
            "task": task,
            "image": pair.picture,
            "question": pair.question,
            "choices": list(pair.options),
            "answer": f"({LETTERS[pair.options.index(pair.answer)]})",
            "prompt": listed(pair.question, pair.options),
            "source": "synthetic",
        }


TEST = Source(
    name="cv_bench_test",
    title="CV-Bench",
    hub_id="nyu-visionx/CV-Bench",
    files="test*.parquet",
    licence="Apache-2.0",
    published_rows=2638,
    columns=("task", "image", "choices", "answer", "prompt"),
    convert=convert,
    synthetic=synthetic,
)
"""Counts 788, relations 650, depths 600, distances 600."""
