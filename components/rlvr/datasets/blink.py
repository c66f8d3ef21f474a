r"""BLINK: 1,901 validation questions of fourteen kinds that people answer at a glance; the test answers are hidden.

Hub: BLINK-Benchmark/BLINK, one configuration a kind, split val. A raw row:

    {"idx": "val_Relative_Depth_1", "sub_task": "Relative_Depth", "question": "Which point is closer ...?",
     "image_1": <picture>, "image_2": null, "image_3": null, "image_4": null, "choices": ["A is closer", "B is closer"],
     "answer": "(A)", "prompt": "... Select from the following choices.\n(A) A is closer\n(B) B is closer", ...}

The answer is a letter; ours is the text of the option, as in `cv_bench`. Synthetic rows show pairs of objects.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import object_pairs
from rlvr.datasets.choices import LETTERS, listed

PICTURES = tuple(f"image_{number}" for number in range(1, 5))
"""Columns of the pictures."""

KINDS = {"beside": "Spatial_Relation", "over": "Spatial_Relation", "depth": "Relative_Depth"}
"""Kinds of synthetic questions -> `sub_task`."""


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; the prompt is upstream's, which lists the options."""
    options = [str(choice) for choice in raw["choices"]]
    return {
        "images": [raw[name] for name in PICTURES if raw.get(name) is not None],
        "prompt": raw["prompt"],
        "answer": options[LETTERS.index(raw["answer"].strip("()"))],
        "answer_kind": "option",
        "options": options,
        "extra": json.dumps({"subset": raw["sub_task"]}),
    }


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pairs of objects: relations and depths."""
    return shown(n, f"blink {seed}", tuple(object_pairs.KINDS))


def synthetic_depth(n: int, seed: int) -> Iterator[RawRow]:
    """`n` questions which of two objects is closer."""
    return shown(n, f"blink depth {seed}", ("depth",))


def synthetic_relation(n: int, seed: int) -> Iterator[RawRow]:
    """`n` questions where an object is, seen from another."""
    return shown(n, f"blink relation {seed}", ("beside", "over"))


def shown(n: int, seed: str, kinds: tuple[str, ...]) -> Iterator[RawRow]:
    """`n` pairs of those kinds drawn from `seed`."""
    pairs = object_pairs.pairs(len(object_pairs.KINDS) * n, seed)
    for number, pair in zip(range(1, n + 1), (pair for pair in pairs if pair.kind in kinds), strict=False):
        yield {
            "idx": f"val_{KINDS[pair.kind]}_{number}",
            "sub_task": KINDS[pair.kind],
            "question": pair.question,
            **dict.fromkeys(PICTURES),
            "image_1": pair.picture,
            "choices": list(pair.options),
            "answer": f"({LETTERS[pair.options.index(pair.answer)]})",
            "prompt": listed(pair.question, pair.options),
        }


VALIDATION = Source(
    name="blink_validation",
    title="BLINK validation",
    hub_id="BLINK-Benchmark/BLINK",
    revision="cbb5717ea541ba92bbf9a63b99972493a1a133b8",
    files="*/val-*.parquet",
    licence="Apache-2.0",
    published_rows=1901,
    columns=("sub_task", "image_1", "choices", "answer", "prompt"),
    convert=convert,
    synthetic=synthetic,
)
"""All fourteen kinds."""

RELATIVE_DEPTH = replace(
    VALIDATION,
    name="blink_relative_depth",
    title="BLINK validation, relative depth",
    files="Relative_Depth/val-*.parquet",
    published_rows=124,
    synthetic=synthetic_depth,
)
SPATIAL_RELATION = replace(
    VALIDATION,
    name="blink_spatial_relation",
    title="BLINK validation, spatial relation",
    files="Spatial_Relation/val-*.parquet",
    published_rows=143,
    synthetic=synthetic_relation,
)
"""Rows of the two: VisualThinker's figures are shares of 124 and 143, their average is that of all 267."""
