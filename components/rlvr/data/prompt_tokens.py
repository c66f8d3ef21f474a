"""How many tokens a row's prompt has, pictures included, without loading a model.

Picture tokens follow from the picture's size in closed form where the model family has one. Text tokens are counted by
a tokenizer when there is one, else estimated from below: a token for every five ASCII characters and every two others,
which texts in natural language seldom fall short of. So a prompt that counts as too long here is too long.

    picture_tokens(640, 480, min_pixels=3136, max_pixels=401_408)  ->  391  (23 x 17 tokens of 28 x 28 pixels)

Source of the closed form: Qwen2-VL report (arXiv 2409.12191) §2.1, see `rlvr.picture_grid`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlvr.errors import RlvrError
from rlvr.picture_grid import FACTOR_PX, MAX_PIXELS, MIN_PIXELS, grid_px
from rlvr.prompts import Prompt
from rlvr.training import Grpo

if TYPE_CHECKING:
    from rlvr.method import Method

GRID_FAMILIES = ("qwen2_vl", "qwen2_5_vl")
"""Architectures whose pictures become one token for each 28 x 28 pixels after the resize."""

ASCII_CHARACTERS, OTHER_CHARACTERS = 5, 2
"""Characters that the estimate takes for one token."""

CountTokens = Callable[[str], int]
"""Tokens of a text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptLimit:
    """What the training stages of a task make of its prompts."""

    task: str
    """Name of the task."""
    max_tokens: int | None = None
    """Length above which a stage refuses a row; None sets no limit."""
    min_pixels: int = MIN_PIXELS
    """Pictures below this area are enlarged."""
    max_pixels: int = MAX_PIXELS
    """Pictures above this area are shrunk."""
    pictures_in_grid: bool = True
    """Whether the backbone's family has the closed form; else tokens of rows with pictures are not known."""


def prompt_limits(method: "Method") -> list[PromptLimit]:
    """For each task of a method, what the strictest stage that trains on it allows."""
    known = method.backbone.architecture in GRID_FAMILIES
    limits = []
    for task in method.tasks:
        stages = [
            stage
            for stage in method.stages
            if isinstance(stage, Grpo) and (not stage.tasks or task.name in stage.tasks)
        ]
        if not stages:
            limits.append(PromptLimit(task=task.name, pictures_in_grid=known))
            continue
        strictest = min(stages, key=lambda stage: math.inf if (most := stage.max_prompt_tokens) is None else most)
        limits.append(
            PromptLimit(
                task=task.name,
                max_tokens=strictest.max_prompt_tokens,
                min_pixels=strictest.min_pixels,
                max_pixels=strictest.max_pixels,
                pictures_in_grid=known,
            )
        )
    return limits


def picture_tokens(width: int, height: int, *, min_pixels: int = MIN_PIXELS, max_pixels: int = MAX_PIXELS) -> int:
    """Tokens of one picture of that size in pixels."""
    grid_width, grid_height = grid_px(width, height, min_pixels=min_pixels, max_pixels=max_pixels)
    return (grid_width // FACTOR_PX) * (grid_height // FACTOR_PX)


def estimated_tokens(text: str) -> int:
    """The estimate from below of a text's tokens."""
    ascii_characters = sum(map(str.isascii, text)) if not text.isascii() else len(text)
    others = len(text) - ascii_characters
    return -(-ascii_characters // ASCII_CHARACTERS) + -(-others // OTHER_CHARACTERS)


def counted_by(tokenizer: Path | None) -> CountTokens:
    """Tokens by a `tokenizer.json` file (or the folder that holds it); by the estimate without one."""
    if tokenizer is None:
        return estimated_tokens
    file = tokenizer / "tokenizer.json" if tokenizer.is_dir() else tokenizer
    try:
        from tokenizers import Tokenizer  # type: ignore[import-untyped, unused-ignore]
    except ImportError as error:
        raise RlvrError("Counting tokens needs the package tokenizers; install rlvr[train].") from error
    try:
        loaded: Any = Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises plain Exception for whatever it cannot read
        raise RlvrError(f"{file} cannot be read as a tokenizer ({error}); give a model's tokenizer.json.") from error
    return lambda text: len(loaded.encode(text, add_special_tokens=False).ids)


def token_facts(
    question: str,
    sizes: Sequence[tuple[int, int]],
    *,
    complete: bool,
    prompt: Prompt | None,
    limit: PromptLimit,
    count: CountTokens = estimated_tokens,
) -> dict[str, int | None]:
    """`picture_tokens`, `prompt_tokens` and `excess_tokens` of a row (how many above the limit; null without one).

    `complete` says whether `sizes` are of everything that the row shows: a video or a damaged picture has no closed
    form, and then nothing is known.
    """
    if not complete or (sizes and not limit.pictures_in_grid):
        return {"picture_tokens": None, "prompt_tokens": None, "excess_tokens": None}
    shown = sum(
        picture_tokens(width, height, min_pixels=limit.min_pixels, max_pixels=limit.max_pixels)
        for width, height in sizes
        if min(width, height) > 0
    )
    whole = question if prompt is None else f"{prompt.system or ''}{prompt.text(question)}{prompt.prefill}"
    tokens = shown + count(whole)
    excess = None if limit.max_tokens is None else max(0, tokens - limit.max_tokens)
    return {"picture_tokens": shown, "prompt_tokens": tokens, "excess_tokens": excess}
