"""Shared-prefix packing: prompts and their responses as one ragged token stream of segments.

A prompt is a root segment, each of its G responses a child: `[prompt_1 | r_11 ... r_1G | prompt_2 | ...]`. A segment
attends to all of its parent and causally to itself, so a prompt and its pictures are computed once for the whole group,
and log-probs and gradients equal those of the repeated batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """A run of the stream."""

    start: int
    """First position."""
    length: int
    """Number of tokens."""
    parent_start: int = 0
    """First position of the parent segment."""
    parent_length: int = 0
    """Tokens of the parent; 0 for a root."""

    @property
    def end(self) -> int:
        """Position after the last token."""
        return self.start + self.length


class SegmentLayout:
    """Where each prompt and response stands in the stream."""

    def __init__(self, prompt_lengths: Sequence[int], response_lengths: Sequence[Sequence[int]]) -> None:
        self.segments: list[Segment] = []
        position = 0
        for prompt, responses in zip(prompt_lengths, response_lengths, strict=True):
            root = Segment(start=position, length=prompt)
            self.segments.append(root)
            position = root.end
            for response in responses:
                child = Segment(start=position, length=response, parent_start=root.start, parent_length=prompt)
                self.segments.append(child)
                position = child.end
        self.length = position
        """Tokens of the stream, T."""

    @property
    def roots(self) -> list[Segment]:
        """The prompts."""
        return [segment for segment in self.segments if not segment.parent_length]

    @property
    def children(self) -> list[Segment]:
        """The responses, in order."""
        return [segment for segment in self.segments if segment.parent_length]

    @cached_property
    def predictors(self) -> "torch.Tensor":
        """Positions whose hidden state predicts each response token, in the order of the responses, [N]."""
        import torch

        positions: list[int] = []
        for child in self.children:
            positions.append(child.parent_start + child.parent_length - 1)
            positions.extend(range(child.start, child.end - 1))
        return torch.tensor(positions)

    def positions(self, prompt_positions: Sequence["torch.Tensor"]) -> "torch.Tensor":
        """Rotary positions of the stream, [axes, T]; a response goes on at its prompt's highest position + 1.

        `prompt_positions`: one [axes, P] tensor a prompt.
        """
        import torch

        parts: list[torch.Tensor] = []
        roots = iter(prompt_positions)
        following = 0
        for segment in self.segments:
            if not segment.parent_length:
                root = next(roots)
                following = int(root.max()) + 1
                parts.append(root)
            else:
                ramp = torch.arange(following, following + segment.length)
                parts.append(ramp[None].expand(parts[0].shape[0], -1))
        return torch.cat(parts, 1)

    def mask(self, segment: Segment) -> "torch.Tensor":
        """What a response may attend to, [R, P + R] bool: all of its prompt, itself up to the token."""
        import torch

        key = (segment.length, segment.parent_length)
        if key not in self._masks:
            own = torch.ones(segment.length, segment.length, dtype=torch.bool).tril()
            self._masks[key] = torch.cat([own.new_ones(segment.length, segment.parent_length), own], 1)
        return self._masks[key]

    @cached_property
    def _masks(self) -> "dict[tuple[int, int], torch.Tensor]":
        return {}
