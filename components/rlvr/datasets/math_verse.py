r"""MathVerse testmini: 788 geometry and function problems in five versions that move text into the picture.

Hub: AI4Math/MathVerse, testmini.parquet. A raw row:

    {"sample_index": "1", "problem_index": "1", "problem_version": "Text Dominant", "question": "...\nChoices:\nA:145°\n
     B:...", "image": <PNG>, "answer": "D", "question_type": "multi-choice" or "free-form", "metadata": {...},
     "query_wo": "...", "query_cot": "...", "question_for_eval": "..."}

Options stand in the question; in the version "Vision Only" the question is empty and stands in the picture. Synthetic
rows have the same columns and show the bar charts of `rlvr.datasets.charts`.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts
from rlvr.datasets.choices import LETTERS
from rlvr.datasets.mmmu_pro import captioned

TALLEST = 0.25
"""Share of synthetic rows with options."""

IN_PICTURE = "Answer the question in the picture."
"""Our wording where the question is in the picture alone."""

_OPTION = re.compile(r"^\(?([A-Z])\)?\s*[:.)]\s*(.*)$", re.MULTILINE)


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields."""
    choices = raw["question_type"] == "multi-choice"
    texts = [text for _, text in _OPTION.findall(raw.get("question_for_eval") or raw["question"])]
    return {
        "images": [raw["image"]],
        "prompt": raw["question"].strip() or IN_PICTURE,
        "answer": raw["answer"].strip(),
        "answer_kind": "option" if choices else "value",
        "options": (texts or list(LETTERS[:4])) if choices else None,
        "extra": json.dumps({"problem_version": raw["problem_version"], "problem_index": raw["problem_index"]}),
    }


def other_version(raw: RawRow) -> bool:
    """Whether the question stands in the text, at least in part."""
    return bool(raw["problem_version"] != "Vision Only")


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts."""
    for number, item in enumerate(charts.items(n, f"math_verse {seed}", tallest=TALLEST), start=1):
        lines = [f"{letter}:{text}" for letter, text in zip(LETTERS, item.choices or (), strict=False)]
        question = "\n".join([item.question, "Choices:", *lines]) if lines else item.question
        yield {
            "sample_index": str(number),
            "problem_index": str(number),
            "problem_version": "Vision Intensive",
            "question": question,
            "image": item.picture,
            "answer": item.letter if item.choices else item.answer,
            "question_type": "multi-choice" if item.choices else "free-form",
            "metadata": {"split": "testmini", "source": "synthetic", "subject": "Charts", "subfield": "Bars"},
            "query_wo": question,
            "query_cot": question,
            "question_for_eval": question,
        }


def synthetic_vision_only(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts with the question written under them."""
    for raw in synthetic(n, seed + 1_000_003):
        shown = captioned(raw["image"], raw["question"])
        yield {**raw, "problem_version": "Vision Only", "question": "", "query_wo": "", "query_cot": "", "image": shown}


TESTMINI = Source(
    name="math_verse_testmini",
    title="MathVerse testmini",
    hub_id="AI4Math/MathVerse",
    revision="268dfc55b62296be3bdf6406d6dea07bd06a7d64",
    files="testmini.parquet",
    licence="MIT",
    published_rows=3940,
    columns=("problem_index", "problem_version", "question", "image", "answer", "question_type", "question_for_eval"),
    convert=convert,
    synthetic=synthetic,
)

VISION_ONLY = replace(
    TESTMINI,
    name="math_verse_vision_only",
    title="MathVerse testmini, vision only",
    published_rows=788,
    skip=other_version,
    synthetic=synthetic_vision_only,
)
"""The version whose question stands in the picture alone."""
