"""The text that a processor turns into a picture or a video, for prompts without a chat template.

    media_text(Qwen2VLProcessor, "image")  ->  "<|vision_start|><|image_pad|><|vision_end|>"

It is taken from what the processor's own template writes in front of a text, so it is right for every family. Templates
of chat models expect messages with roles; those of base models (Qwen2-VL-2B) expect the bare items.
"""

from functools import lru_cache
from typing import Any, Literal

from rlvr.errors import RlvrError

MARK = "~text~"
"""A text that no template contains."""


@lru_cache(maxsize=64)
def media_text(processor: Any, kind: Literal["image", "video"]) -> str:
    """What stands for one picture or video; `RlvrError` when the template has nothing for it."""
    for roles in (True, False):
        before, marked, _ = _rendered(processor, [], roles).partition(MARK)
        placed = _rendered(processor, [{"type": kind}], roles).partition(MARK)[0]
        if marked and placed.startswith(before) and placed != before:
            return placed.removeprefix(before)
    raise RlvrError(
        f"The chat template of {type(processor).__name__} writes nothing for an item of type {kind!r}, so a plain "
        f"prompt cannot hold one; use a prompt of style chat, or a checkpoint whose template knows {kind}s."
    )


def _rendered(processor: Any, media: list[dict[str, str]], roles: bool) -> str:
    """Media and the mark, as the template renders them; empty when it cannot."""
    import jinja2

    items: list[dict[str, Any]] = [*media, {"type": "text", "text": MARK}]
    messages = [{"role": "user", "content": items}] if roles else items
    try:
        text: str = processor.apply_chat_template(messages, tokenize=False)
    except jinja2.TemplateError:
        return ""
    return text
