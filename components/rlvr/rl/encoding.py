"""Rows to model inputs: token ids, picture and video patches, made once and shared by a group's completions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

from rlvr.data.pixels import decoded
from rlvr.data.rows import Row
from rlvr.errors import RlvrError
from rlvr.prompts import Prompt
from rlvr.rl.control_tokens import control_tokens, placeholder_tokens, taken_apart
from rlvr.rl.media_text import media_text
from rlvr.rl.video import Frames, sample_frames, shrunk

if TYPE_CHECKING:
    import torch


class UnreadableError(RlvrError):
    """A row's picture or video cannot be decoded."""


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
    """Inputs of the vision tower as the processor names them: pixel_values [patches, values] and image_grid_thw
    [pictures, 3], pixel_values_videos, video_grid_thw and second_per_grid_ts (seconds); InternVL has pixel_values
    [tiles, 3, H, W] alone."""
    text: str = ""
    """The prompt as text, each picture and video one placeholder; for engines that tokenize themselves."""
    images: tuple[Image.Image, ...] = ()
    """The pictures, in order; for engines that process them themselves."""
    videos: tuple[Frames, ...] = ()
    """The videos' frames, likewise."""


class Encoder:
    """Renders rows through a processor and a prompt contract."""

    def __init__(
        self,
        processor: Any,
        prompts: Mapping[str, Prompt],
        max_tokens: int | None = None,
        frames_per_second: float = 1.0,
        max_frames: int = 32,
        max_video_pixels: int | None = None,
    ) -> None:
        """`prompts` maps task names to contracts; rows whose prompt exceeds `max_tokens` are refused by name."""
        self.max_video_pixels = max_video_pixels
        self.processor, self.prompts, self.max_tokens = processor, prompts, max_tokens
        self.frames_per_second, self.max_frames = frames_per_second, max_frames
        ids = (getattr(processor, name, None) for name in ("image_token_id", "video_token_id"))
        self.placeholders = [number for number in ids if number is not None]
        self.control, self.media = control_tokens(processor), placeholder_tokens(processor)

    def text(self, row: Row) -> str:
        """The prompt as text up to where the model's completion begins."""
        prompt, question = self.prompts[row["task"]], taken_apart(row["prompt"], self.control)
        videos = int(bool(row.get("video")))
        if prompt.style == "plain":
            media = media_text(self.processor, "image") * len(row["images"]) if row["images"] else ""
            if videos:
                media += media_text(self.processor, "video")
            text = prompt.text(question)
            return (media + text if prompt.media == "before" else text + media) + prompt.prefill
        messages = prompt.messages(question, images=len(row["images"]), videos=videos)
        rendered: str = self.processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        return rendered + prompt.prefill

    def prompt(self, row: Row) -> EncodedPrompt:
        """The row's prompt as tensors."""
        import torch

        images = tuple(self._picture(image, row["row_id"]) for image in row["images"])
        videos = (self._video(row["video"], row["row_id"]),) if row.get("video") else ()
        given: dict[str, Any] = {"images": list(images)} if images else {}
        if videos:
            given["videos"] = [list(video.pictures) for video in videos]
            given["video_metadata"] = [_metadata(video) for video in videos]
            given["do_sample_frames"] = False
        text = self.text(row)
        inputs = self.processor(text=[text], return_tensors="pt", **given)
        ids = inputs["input_ids"][0]
        if self.max_tokens is not None and len(ids) > self.max_tokens:
            raise RlvrError(
                f"Row {row['row_id']}: its prompt has {len(ids)} tokens, pictures included, and the stage allows "
                f"{self.max_tokens}. Raise max_prompt_tokens, lower max_pixels, or quarantine the row."
            )
        types = inputs.get("mm_token_type_ids")
        placeholders = torch.isin(ids, torch.tensor(self.placeholders, dtype=torch.long))
        text_keys = ("input_ids", "attention_mask", "mm_token_type_ids")
        return EncodedPrompt(
            row_id=row["row_id"],
            ids=ids,
            token_types=types[0].long() if types is not None else placeholders.long(),
            media={key: torch.as_tensor(value) for key, value in inputs.items() if key not in text_keys},
            text=text,
            images=images,
            videos=videos,
        )

    def response(self, row: Row, text: str) -> "torch.Tensor":
        """Token ids, [R], of a reference response, end token included; what the prefill already says is left out."""
        import torch

        said = continuation(self.prompts[row["task"]].prefill, taken_apart(text, self.media))
        ids = self.processor.tokenizer(said, add_special_tokens=False)
        return torch.tensor([*ids["input_ids"], self.processor.tokenizer.eos_token_id])

    def tokens(self, text: str) -> "torch.Tensor":
        """Token ids, [R], of a text within a response."""
        import torch

        return torch.tensor(self.processor.tokenizer(text, add_special_tokens=False)["input_ids"])

    def decode(self, ids: Sequence[int]) -> str:
        """A completion's text without special tokens."""
        text: str = self.processor.tokenizer.decode(ids, skip_special_tokens=True)
        return text

    def _picture(self, encoded: bytes, row_id: str) -> Image.Image:
        try:
            return decoded(encoded)
        except Exception as error:  # decoders raise nearly anything on damaged bytes
            raise UnreadableError(
                f"Row {row_id}: a picture cannot be decoded ({error}). The verify stage quarantines such rows."
            ) from error

    def _video(self, encoded: bytes | None, row_id: str) -> Frames:
        try:
            frames = sample_frames(encoded or b"", self.frames_per_second, self.max_frames)
        except ValueError as error:
            raise UnreadableError(
                f"Row {row_id}: its video cannot be decoded ({error}). The verify stage quarantines such rows."
            ) from error
        return frames if self.max_video_pixels is None else shrunk(frames, self.max_video_pixels)


def _metadata(video: Frames) -> dict[str, Any]:
    """What processors ask of a video's frames: their rate and places."""
    count = len(video.pictures)
    return {
        "fps": video.per_second,
        "total_num_frames": count,
        "frames_indices": list(range(count)),
        "duration": count / video.per_second,
    }


def continuation(prefill: str, text: str) -> str:
    """`text` without the longest opening that `prefill` ends with, e.g. an opening think tag."""
    for length in range(min(len(prefill), len(text)), 0, -1):
        if prefill.endswith(text[:length]):
            return text[length:]
    return text
