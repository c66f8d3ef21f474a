"""The size that Qwen-VL's processor gives a picture: whole tokens of 28 x 28 pixels, between two limits of the area.

    grid_px(640, 480)  ->  (644, 476)

A Qwen2.5-VL model writes coordinates in pixels of this grid; data sets write them in pixels of the original picture.
Rule: Qwen2-VL report (arXiv 2409.12191) §2.1; transformers qwen2_vl `smart_resize`, held to it by a test.
"""

import math

FACTOR_PX = 28
"""Side of a token: 2 x 2 patches of 14 px."""

MIN_PIXELS, MAX_PIXELS = 3136, 12_845_056
"""Limits of the area that VLM-R1's scripts set (script defaults at om-ai-lab/VLM-R1@90052f4)."""


def grid_px(
    width: int, height: int, *, min_pixels: int = MIN_PIXELS, max_pixels: int = MAX_PIXELS, factor: int = FACTOR_PX
) -> tuple[int, int]:
    """Width and height of the resized picture, in pixels; both sides are multiples of `factor`. Sizes are positive."""
    grid_width, grid_height = (round(side / factor) * factor for side in (width, height))
    if grid_width * grid_height > max_pixels:
        shrink = math.sqrt(width * height / max_pixels)
        return _down(width / shrink, factor), _down(height / shrink, factor)
    if grid_width * grid_height < min_pixels:
        grow = math.sqrt(min_pixels / (width * height))
        return _up(width * grow, factor), _up(height * grow, factor)
    return grid_width, grid_height


def _down(side: float, factor: int) -> int:
    return max(factor, math.floor(side / factor) * factor)


def _up(side: float, factor: int) -> int:
    return math.ceil(side / factor) * factor
