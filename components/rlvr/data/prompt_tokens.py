"""How many tokens a row's prompt has, pictures included, without loading a model.

Tokens of pictures and videos follow from their sizes in closed form (`media_tokens`). Text tokens are counted by a
tokenizer when there is one, else estimated from below: a token for every five ASCII characters and every two others,
which texts in natural language seldom fall short of. The few tokens that a chat format puts around turns, pictures and
frames are not counted. So a prompt that counts as too long here is too long.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlvr.data.media_tokens import MediaShape, media_shape, picture_tokens, video_tokens
from rlvr.errors import RlvrError
from rlvr.picture_grid import MAX_PIXELS, MIN_PIXELS
from rlvr.prompts import Prompt
from rlvr.training import Grpo

if TYPE_CHECKING:
    from rlvr.method import Method

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
    frames_per_second: float = 1.0
    """Frames a second taken from videos."""
    max_frames: int = 32
    """Frames taken from a video at most."""
    max_video_pixels: int | None = None
    """Frames are shrunk until their areas together are at most this; None sets no limit."""
    shape: MediaShape = MediaShape()
    """How the backbone sees."""


def prompt_limits(method: "Method") -> list[PromptLimit]:
    """For each task of a method, what the strictest stage that trains on it allows."""
    shape = media_shape(method.backbone)
    limits = []
    for task in method.tasks:
        stages = [
            stage
            for stage in method.stages
            if isinstance(stage, Grpo) and (not stage.tasks or task.name in stage.tasks)
        ]
        if not stages:
            limits.append(PromptLimit(task=task.name, shape=shape))
            continue
        strictest = min(stages, key=lambda stage: math.inf if (most := stage.max_prompt_tokens) is None else most)
        limits.append(
            PromptLimit(
                task=task.name,
                max_tokens=strictest.max_prompt_tokens,
                min_pixels=strictest.min_pixels,
                max_pixels=strictest.max_pixels,
                frames_per_second=strictest.frames_per_second,
                max_frames=strictest.max_frames,
                max_video_pixels=strictest.max_video_pixels,
                shape=shape,
            )
        )
    return limits


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
    video: bytes | None = None,
) -> dict[str, int | None]:
    """`picture_tokens`, `prompt_tokens` and `excess_tokens` of a row (how many above the limit; null without one).

    Tokens of pictures include those of the row's `video`. `complete` says whether `sizes` are those of all pictures:
    where a picture or the video cannot be measured nothing is known.
    """
    shown = video_length(video, limit) if video else 0
    if not complete or shown is None:
        return {"picture_tokens": None, "prompt_tokens": None, "excess_tokens": None}
    shown += sum(
        picture_tokens(*size, min_pixels=limit.min_pixels, max_pixels=limit.max_pixels, shape=limit.shape)
        for size in sizes
        if min(size) > 0
    )
    whole = question if prompt is None else f"{prompt.system or ''}{prompt.text(question)}{prompt.prefill}"
    tokens = shown + count(whole)
    excess = None if limit.max_tokens is None else max(0, tokens - limit.max_tokens)
    return {"picture_tokens": shown, "prompt_tokens": tokens, "excess_tokens": excess}


def video_length(video: bytes, limit: PromptLimit) -> int | None:
    """Tokens of a video's frames as training takes them; None where it cannot be measured."""
    from rlvr.rl.video import frames_taken, shrunk_size, video_size

    found = video_size(video)
    if found is None:
        return None
    rate = found.per_second or limit.frames_per_second
    frames = frames_taken(found.frames, rate, limit.frames_per_second, limit.max_frames)
    most = limit.max_video_pixels
    size = found.size_px if most is None else shrunk_size(found.size_px, frames, most)
    return video_tokens(frames, *size, limit.shape)
