"""How many tokens a picture or a video becomes, in closed form, for the three ways in which backbones see.

    grid    Qwen-VL: the size is rounded to whole tokens of 28 x 28 pixels, between two limits of the area
            640 x 480, at most 401,408 px           ->  23 x 17 = 391 tokens
    tiles   InternVL: square tiles of 448 px in the arrangement nearest to the picture's shape, and a thumbnail beside
            several; 256 tokens each                ->  800 x 400: 2 tiles and a thumbnail = 768 tokens
    native  Kimi: MoonViT sees the picture in its own size, padded to whole tokens of 28 x 28 pixels, shrunk where it
            has too many patches and never enlarged ->  640 x 480: 23 x 18 = 414 tokens

Frames of a video are pictures; two (Qwen-VL) or four (Kimi) become as many tokens as one, InternVL's are a tile each.

Sources: Qwen2-VL report (arXiv 2409.12191) §2.1; InternVL 1.5 report (arXiv 2404.16821) §3.1; Kimi-VL report (arXiv
2504.07491) §2.1. A test holds them to what transformers' processors make.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rlvr.picture_grid import MAX_PIXELS, MIN_PIXELS, grid_px

if TYPE_CHECKING:
    from rlvr.backbones.backbone import Backbone

MOST_PATCHES = 512
"""Patches along a side that MoonViT has positions for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MediaShape:
    """How one backbone sees."""

    kind: Literal["grid", "tiles", "native"] = "grid"
    """The way of seeing."""
    side_px: int = 28
    """Side of a token, which is 2 x 2 patches; of a tile for `tiles`."""
    tile_tokens: int = 256
    """Tokens of a tile."""
    frames: int | None = 2
    """Frames of a video that become the tokens of one; None where videos are not told."""
    video_min_pixels: int = MIN_PIXELS
    """Frames below this area are enlarged."""
    video_max_pixels: int = MAX_PIXELS
    """Frames above this area are shrunk."""


def media_shape(backbone: "Backbone") -> MediaShape:
    """The shape of a backbone's processor: the published one, or that of the tiny stand-in."""
    tiny = backbone.location == "tiny"
    patch = (backbone.tiny.patch_size if tiny else None) or (16 if backbone.architecture == "qwen3_vl" else 14)
    side = 2 * patch
    if backbone.architecture == "internvl":
        return MediaShape(
            kind="tiles", side_px=8 * patch if tiny else 32 * patch, tile_tokens=16 if tiny else 256, frames=1
        )
    if backbone.architecture == "kimi_k25":
        return MediaShape(kind="native", side_px=side, frames=4, video_max_pixels=(1024 if tiny else 4096) * patch**2)
    # Qwen3-VL's limits are of all frames together, and time stamps stand between them.
    frames = None if backbone.architecture == "qwen3_vl" else 2
    if tiny:
        return MediaShape(side_px=side, frames=frames, video_min_pixels=side**2, video_max_pixels=256 * side**2)
    return MediaShape(side_px=side, frames=frames)


def picture_tokens(
    width: int, height: int, *, min_pixels: int = MIN_PIXELS, max_pixels: int = MAX_PIXELS, shape: MediaShape
) -> int:
    """Tokens of one picture of that size in pixels, between the limits of area that a training stage sets."""
    if shape.kind == "grid":
        grid = grid_px(width, height, min_pixels=min_pixels, max_pixels=max_pixels, factor=shape.side_px)
        return (grid[0] // shape.side_px) * (grid[1] // shape.side_px)
    if shape.kind == "native":
        return _native_tokens(width, height, max_pixels, shape.side_px // 2)
    area = shape.side_px**2
    columns, rows = arrangement(width, height, max(1, min_pixels // area), max(1, max_pixels // area), shape.side_px)
    tiles = columns * rows
    return shape.tile_tokens * (tiles + (tiles > 1))


def video_tokens(frames: int, width: int, height: int, shape: MediaShape) -> int | None:
    """Tokens of a video of so many frames of that size; None where the family's rule is not told."""
    if shape.frames is None:
        return None
    if shape.kind == "tiles":
        return frames * shape.tile_tokens
    limits = {"min_pixels": shape.video_min_pixels, "max_pixels": shape.video_max_pixels}
    return math.ceil(frames / shape.frames) * picture_tokens(width, height, **limits, shape=shape)


def arrangement(width: int, height: int, least: int, most: int, side_px: int) -> tuple[int, int]:
    """Columns and rows of tiles, `least` to `most` of them, whose shape is nearest to that of the picture.

    Of equally near ones the larger is taken as long as the picture covers more than half of its area.
    """
    best, nearest = (1, 1), math.inf
    choices = [(columns, rows) for columns in range(1, most + 1) for rows in range(1, most // columns + 1)]
    for columns, rows in sorted(choices, key=math.prod):
        if columns * rows < least:
            continue
        distance = abs(width / height - columns / rows)
        if distance < nearest or (distance == nearest and 2 * width * height > side_px**2 * columns * rows):
            best, nearest = (columns, rows), distance
    return best


def _native_tokens(width: int, height: int, max_pixels: int, patch: int) -> int:
    """Tokens after shrinking to `max_pixels`, and padding to whole tokens."""
    patches = max(1, width // patch) * max(1, height // patch)
    longest = MOST_PATCHES * patch
    scale = min(1.0, math.sqrt(max(1, max_pixels // patch**2) / patches), longest / width, longest / height)
    columns, rows = (math.ceil(max(1, int(side * scale)) / (2 * patch)) for side in (width, height))
    return columns * rows
