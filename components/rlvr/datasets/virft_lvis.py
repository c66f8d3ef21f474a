"""Visual-RFT's detection set from LVIS: few shots of six rare categories.

Hub: laolao77/ViRFT_LVIS_few_shot (65 rows). Columns, answers and synthetic pictures as in `virft_coco`.
"""

import random
from collections.abc import Iterator
from dataclasses import replace

from rlvr.data.source import RawRow
from rlvr.datasets import virft_coco

CATEGORIES = ("horse_buggy", "die", "kitchen_table", "omelet", "papaya", "stepladder")
"""The six rare categories."""


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pictures of two things of the six categories."""
    return virft_coco.raw_rows(n, random.Random(f"virft_lvis {seed}"), CATEGORIES)


FEW_SHOT = replace(
    virft_coco.FEW_SHOT,
    name="virft_lvis_few_shot",
    title="ViRFT LVIS, 6 rare categories",
    hub_id="laolao77/ViRFT_LVIS_few_shot",
    published_rows=65,
    synthetic=synthetic,
)
"""About ten pictures of each of six categories."""
