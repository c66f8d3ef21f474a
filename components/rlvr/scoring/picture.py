"""The boxes of one picture, given and true: what average precision is computed from.

As JSON, the form in which predictions keep them:

    {"found": [["cat", 0.0, 0.0, 9.0, 9.0, 0.8]], "truth": [["cat", 0.0, 0.0, 9.0, 9.0]]}
"""

import json
from dataclasses import dataclass
from typing import Any

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels."""

LARGEST_PX = 1e8
"""Coordinates beyond this are no pixels; COCO's arithmetic overflows far above."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """What a completion found in one picture, and what is there. Boxes of other pictures never meet these."""

    found: tuple[tuple[str, Box, float], ...]
    """Label, box and score of each box given; the higher the score, the earlier it counts."""
    truth: tuple[tuple[str, Box], ...]
    """Label and box of each true box."""
    exhaustive: bool = True
    """Whether every true box is there. Where not, a found box that meets none counts neither for nor against."""

    def to_text(self) -> str:
        """The picture as JSON, readable by `from_text`."""
        found = [[label, *box, score] for label, box, score in self.found]
        truth = [[label, *box] for label, box in self.truth]
        kept = {"found": found, "truth": truth, **({} if self.exhaustive else {"exhaustive": False})}
        return json.dumps(kept, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_text(cls, text: str) -> "Picture":
        """The inverse of `to_text`; `ValueError` for anything else."""
        try:
            data = json.loads(text)
            return cls(
                found=tuple((str(label), _box(box), float(score)) for label, *box, score in data["found"]),
                truth=tuple((str(label), _box(box)) for label, *box in data["truth"]),
                exhaustive=bool(data.get("exhaustive", True)),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not the boxes of a picture ({error})") from error


def pixels(corners: Any) -> Box | None:
    """Four numbers that can be pixels as a box; None for anything else."""
    try:
        return _box(corners)
    except (TypeError, ValueError, KeyError):
        return None


def _box(corners: Any) -> Box:
    x1, y1, x2, y2 = (corner - 0 for corner in corners)
    if not all(abs(number) < LARGEST_PX for number in (x1, y1, x2, y2)):  # no huge number, infinity or NaN
        raise ValueError("no pixel coordinates")
    return float(x1), float(y1), float(x2), float(y2)
