"""MMMU-Pro: 1,730 questions of college courses with ten options, in two settings of the same questions.

Hub: MMMU/MMMU_Pro, split test. Rows of `standard (10 options)` have the columns of `rlvr.datasets.mmmu_val`, whose
conversion serves here too; every row has options. Rows of `vision` show question and options in the picture:

    {"id": "test_History_1", "image": <picture>, "options": "['...', ... ten]", "answer": "C", "subject": "History"}

Synthetic rows show bar charts; those of the vision setting have the question written under the chart.
"""

from collections.abc import Iterator
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from rlvr.data.open_picture import open_picture
from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts, mmmu_val
from rlvr.datasets.choices import listed
from rlvr.datasets.png import as_png

IN_PICTURE = "Answer the question in the picture with the letter of an option."
"""What the vision setting asks in words; the wording is ours."""

REVISION = "b037bbe72fe851ae9c9a792c7b34722542d4dc78"
"""Holds both settings."""

TEXT_PX = 12
"""Height of the letters of the question under a chart."""


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields."""
    return mmmu_val.convert(raw | {"question_type": "multiple-choice"})


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts with options."""
    for number, item in enumerate(charts.items(n, f"mmmu_pro {seed}", tallest=1.0), start=1):
        yield {
            "id": f"test_Charts_{number}",
            "question": f"<image 1> {item.question}",
            "options": str(list(item.choices or ())),
            "explanation": "",
            **dict.fromkeys(mmmu_val.PICTURES),
            "image_1": item.picture,
            "img_type": "['Plots and Charts']",
            "answer": item.letter,
            "topic_difficulty": "Easy",
            "subject": "Charts",
        }


def convert_vision(raw: RawRow) -> dict[str, Any]:
    """A row of the vision setting -> our fields; the options are known to the scorer alone."""
    written = raw["options"]
    options = mmmu_val.texts(written, "options") if isinstance(written, str) else [str(option) for option in written]
    return {
        "images": [raw["image"]],
        "prompt": IN_PICTURE,
        "answer": raw["answer"],
        "answer_kind": "letter",
        "options": options,
    }


def synthetic_vision(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts with the question under them."""
    for number, item in enumerate(charts.items(n, f"mmmu_pro vision {seed}", tallest=1.0), start=1):
        yield {
            "id": f"test_Charts_{number}",
            "image": captioned(item.picture, listed(item.question, item.choices)),
            "options": str(list(item.choices or ())),
            "answer": item.letter,
            "subject": "Charts",
        }


def captioned(picture: bytes, text: str) -> bytes:
    """A PNG of the picture with the lines of `text` below it."""
    font = ImageFont.load_default(TEXT_PX)
    lines = text.split("\n")
    with open_picture(picture) as shown:
        width = max(shown.width, *(round(font.getlength(line)) + 8 for line in lines))
        canvas = Image.new("RGB", (width, shown.height + (TEXT_PX + 4) * len(lines) + 4), "white")
        canvas.paste(shown.convert("RGB"), (0, 0))
        pen = ImageDraw.Draw(canvas)
        for number, line in enumerate(lines):
            pen.text((4, shown.height + 2 + (TEXT_PX + 4) * number), line, fill="black", font=font)
    return as_png(canvas)


STANDARD = Source(
    name="mmmu_pro_standard",
    title="MMMU-Pro, standard setting",
    hub_id="MMMU/MMMU_Pro",
    revision=REVISION,
    files="standard (10 options)/test-*.parquet",
    licence="Apache-2.0",
    published_rows=1730,
    columns=("question", "options", "image_1", "answer"),
    convert=convert,
    synthetic=synthetic,
)
"""The setting with the question as text; the other one shows it in the picture."""

VISION = Source(
    name="mmmu_pro_vision",
    title="MMMU-Pro, vision setting",
    hub_id="MMMU/MMMU_Pro",
    revision=REVISION,
    files="vision/test-*.parquet",
    licence="Apache-2.0",
    published_rows=1730,
    columns=("image", "options", "answer"),
    convert=convert_vision,
    synthetic=synthetic_vision,
)
