"""MM-Vet: 218 open questions about pictures that need several abilities at once (arXiv 2308.02490).

Hub: lmms-lab/MMVet, split test. A raw row (of several elements of an answer `<AND>` demands all, `<OR>` any):

    {"question_id": "v1_0", "image": <picture>, "question": "What is x in the equation?", "answer": "-1<AND>-5",
     "image_source": "...", "capability": "ocr,math"}

Synthetic rows have the same columns and show a written sum.
"""

import json
import random
from collections.abc import Iterator
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from rlvr.data.source import RawRow, Source
from rlvr.datasets.png import as_png

WIDTH_PX, HEIGHT_PX = 112, 56
"""Size of a synthetic picture."""

LETTERS_PX = 30


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; `<AND>` and `<OR>` stay in the answer."""
    return {
        "images": [raw["image"]],
        "prompt": raw["question"].strip(),
        "answer": raw["answer"].strip(),
        "answer_kind": "text",
        "extra": json.dumps({"subset": raw["capability"]}),
    }


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pictures of a sum; either its value or both of its numbers are asked for."""
    rng = random.Random(f"mm_vet {seed}")
    for number in range(n):
        one, other = rng.randint(1, 49), rng.randint(50, 99)
        canvas = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), tuple(rng.randint(225, 255) for _ in range(3)))
        middle = (WIDTH_PX / 2, HEIGHT_PX / 2)
        font = ImageFont.load_default(LETTERS_PX)
        ImageDraw.Draw(canvas).text(middle, f"{one}+{other}", fill=(20, 40, 120), font=font, anchor="mm")
        asked = ("What is the sum?", str(one + other)) if number % 2 else ("Which numbers?", f"{one}<AND>{other}")
        yield {
            "question_id": f"v1_{number}",
            "image": as_png(canvas),
            "question": asked[0],
            "answer": asked[1],
            "image_source": "synthetic",
            "capability": "ocr,math" if number % 2 else "ocr",
        }


TEST = Source(
    name="mm_vet",
    title="MM-Vet",
    hub_id="lmms-lab/MMVet",
    revision="b310d12d0d9e765db953da28a7ef7ff43620dc83",
    files="data/test-*.parquet",
    licence="not stated",
    published_rows=218,
    columns=("image", "question", "answer", "capability"),
    convert=convert,
    synthetic=synthetic,
)
"""The whole set; it has no training part."""
