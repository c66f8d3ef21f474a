"""Rows to model inputs: token ids and picture patches, made once and shared by a group's completions."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

from rlvr.data.rows import Row
from rlvr.errors import RlvrError
from rlvr.prompts import Prompt

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True, slots=True)
class EncodedPrompt:
    """One prompt as tensors."""

    row_id: str
    """The row it came from."""
    ids: "torch.Tensor"
    """Token ids, [P]; a picture stands as its run of placeholder ids."""
    token_types: "torch.Tensor"
    """0 for text, 1 for picture and 2 for video tokens, [P]."""
    media: Mapping[str, "torch.Tensor"]
    """Picture inputs as the model names them: pixel_values [patches, values], image_grid_thw [pictures, 3]."""


class Encoder:
    """Renders rows through a processor and a prompt contract."""

    def __init__(self, processor: Any, prompts: Mapping[str, Prompt], max_tokens: int | None = None) -> None:
        """`prompts` maps task names to contracts; rows whose prompt exceeds `max_tokens` are refused by name."""
        self.processor, self.prompts, self.max_tokens = processor, prompts, max_tokens

    def text(self, row: Row) -> str:
        """The prompt as text up to where the model's completion begins."""
        prompt = self.prompts[row["task"]]
        if prompt.style == "plain":
            return prompt.text(row["prompt"]) + prompt.prefill
        messages = prompt.messages(row["prompt"], images=len(row["images"]), videos=int(bool(row.get("video"))))
        rendered: str = self.processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        return rendered + prompt.prefill

    def prompt(self, row: Row) -> EncodedPrompt:
        """The row's prompt as tensors."""
        import torch

        if row.get("video"):
            raise RlvrError(
                f"Row {row['row_id']} has a video, and the engine reads pictures and text only. Leave its task out "
                f"of the stage's tasks, or convert the video to pictures."
            )
        images = [self._picture(image, row["row_id"]) for image in row["images"]]
        inputs = self.processor(text=[self.text(row)], images=images or None, return_tensors="pt")
        ids = inputs["input_ids"][0]
        if self.max_tokens is not None and len(ids) > self.max_tokens:
            raise RlvrError(
                f"Row {row['row_id']}: its prompt has {len(ids)} tokens, pictures included, and the stage allows "
                f"{self.max_tokens}. Raise max_prompt_tokens, lower max_pixels, or quarantine the row."
            )
        types = inputs.get("mm_token_type_ids")
        media = {key: inputs[key] for key in ("pixel_values", "image_grid_thw") if key in inputs}
        return EncodedPrompt(
            row_id=row["row_id"],
            ids=ids,
            token_types=types[0].long() if types is not None else torch.zeros_like(ids),
            media=media,
        )

    def response(self, row: Row, text: str) -> "torch.Tensor":
        """Token ids, [R], of a reference response, end token included; what the prefill already says is left out."""
        import torch

        ids = self.processor.tokenizer(continuation(self.prompts[row["task"]].prefill, text), add_special_tokens=False)
        return torch.tensor([*ids["input_ids"], self.processor.tokenizer.eos_token_id])

    def decode(self, ids: Sequence[int]) -> str:
        """A completion's text without special tokens."""
        text: str = self.processor.tokenizer.decode(ids, skip_special_tokens=True)
        return text

    def _picture(self, encoded: bytes, row_id: str) -> Image.Image:
        try:
            with Image.open(io.BytesIO(encoded)) as opened:
                return opened.convert("RGB")
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            raise RlvrError(
                f"Row {row_id}: a picture cannot be decoded ({error}). The verify stage quarantines such rows."
            ) from error


def continuation(prefill: str, text: str) -> str:
    """`text` without the longest opening that `prefill` ends with, e.g. an opening think tag."""
    for length in range(min(len(prefill), len(text)), 0, -1):
        if prefill.endswith(text[:length]):
            return text[length:]
    return text
