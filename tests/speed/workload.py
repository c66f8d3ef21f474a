"""What is measured: the configurations, their pictures and their prompts."""

import io
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

TOKEN_PIXELS = 28
"""Side, in pixels, of the square of a picture that becomes one visual token (2 x 2 patches of 14)."""

SENTENCE = "How many red squares are there in the picture in all? "


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """One GRPO step: B prompts with one picture each, G responses of exactly R tokens a prompt."""

    name: str
    """What the tables call it."""
    model: str = "S"
    """Key of `models.SHAPES`."""
    prompts: int = 2
    """Prompts a step (B)."""
    group_size: int = 8
    """Responses a prompt (G)."""
    new_tokens: int = 64
    """Tokens of every response (R)."""
    beta: float = 0.04
    """Weight of the KL term; 0 loads no reference."""
    picture_side: int = 12
    """Side of the square picture in visual tokens."""
    sentences: int = 1
    """Length of the question in sentences of eleven words."""
    precision: str = "float32"
    """Type of the weights."""

    @property
    def response_tokens(self) -> int:
        """Response tokens of a step."""
        return self.prompts * self.group_size * self.new_tokens

    @property
    def question(self) -> str:
        """The user's text."""
        return (SENTENCE * self.sentences).strip()

    def picture(self, number: int) -> Image.Image:
        """Picture `number`: coloured squares of half a visual token."""
        cells = np.random.RandomState(number).randint(0, 255, (2 * self.picture_side, 2 * self.picture_side, 3))
        side = self.picture_side * TOKEN_PIXELS
        return Image.fromarray(cells.astype(np.uint8)).resize((side, side), Image.Resampling.NEAREST)

    def picture_file(self, number: int) -> bytes:
        """The same as a PNG file."""
        buffer = io.BytesIO()
        self.picture(number).save(buffer, format="PNG")
        return buffer.getvalue()


S = Workload(name="S")
M = Workload(name="M R=32", model="M", prompts=1, new_tokens=32, picture_side=16)

CPU = (
    S,
    replace(S, name="S beta=0", beta=0.0),
    replace(S, name="S R=256", prompts=1, new_tokens=256),
    replace(S, name="S G=16", prompts=1, group_size=16),
    replace(S, name="S P=601", prompts=1, picture_side=24),
    M,
)
"""Configurations that a laptop measures in minutes."""

GPU = (
    Workload(
        name="2B bf16 R=256", model="2B", prompts=1, new_tokens=256, beta=0.0, picture_side=32, precision="bfloat16"
    ),
    Workload(
        name="2B bf16 R=512", model="2B", prompts=1, new_tokens=512, beta=0.04, picture_side=32, precision="bfloat16"
    ),
)
"""Configurations that need a GPU."""


def growth(axis: str) -> list[Workload]:
    """S with one quantity doubled again and again: `group_size`, `prompt` or `response`."""
    one = replace(S, prompts=1, beta=0.0)
    changes: dict[str, list[dict[str, Any]]] = {
        "group_size": [{"group_size": size} for size in (2, 4, 8, 16, 32)],
        "prompt": [{"picture_side": side} for side in (6, 12, 18, 24, 34)],
        "response": [{"new_tokens": count} for count in (32, 64, 128, 256, 512)],
    }
    return [replace(one, name=f"{axis} {next(iter(change.values()))}", **change) for change in changes[axis]]
