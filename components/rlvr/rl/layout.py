"""Shared-prefix packing: prompts and their responses as one ragged token stream of segments.

A prompt is a root segment; a response is a child of its prompt, and tokens that it has in common with an earlier
response of the group stand in the stream once, so a forced continuation or a duplicate is a child of the response that
it goes on from. A segment attends to all of its path (the positions between the root's first token and its own) and
causally to itself; log-probs and gradients therefore equal those of the repeated batch.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import torch

Span = tuple[int, int]
"""Positions [first, last) of the stream."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """A run of the stream that is fed to the model once."""

    start: int
    """First position."""
    length: int
    """Number of tokens."""
    path: tuple[Span, ...] = ()
    """Spans before it that it attends to in full, in order; none for a root."""
    depth: int = 0
    """Response tokens between the root and this segment."""

    @property
    def end(self) -> int:
        """Position after the last token."""
        return self.start + self.length

    @property
    def visible(self) -> int:
        """Tokens of the path."""
        return sum(last - first for first, last in self.path)


class SegmentLayout:
    """Where the tokens of prompts and responses stand in the stream."""

    def __init__(self, prompts: Sequence[torch.Tensor], fed: Sequence[Sequence[torch.Tensor]]) -> None:
        """`prompts`: token ids [P] of each root; `fed`: for each of them the response tokens that are fed, [F] tensors.

        The last token of a response predicts nothing, so training feeds all but that one.
        """
        self.roots: list[Segment] = []
        """The prompts; all of them stand before the first response."""
        position = 0
        for prompt in prompts:
            self.roots.append(Segment(start=position, length=len(prompt)))
            position += len(prompt)
        self.segments: list[Segment] = list(self.roots)
        self.places: list[list[np.ndarray]] = []
        """For each response the positions of its fed tokens, [F]."""
        parts = list(prompts)
        for root, group in zip(self.roots, fed, strict=True):
            known: list[tuple[np.ndarray, np.ndarray]] = []
            places: list[np.ndarray] = []
            for ids in group:
                tokens = ids.numpy()
                common, source = _longest_common(tokens, known)
                own = len(tokens) - common
                if own:
                    path = ((root.start, root.end), *_spans(source[:common]))
                    self.segments.append(Segment(start=position, length=own, path=path, depth=common))
                    parts.append(ids[common:])
                places.append(np.concatenate([source[:common], np.arange(position, position + own)]))
                known.append((tokens, places[-1]))
                position += own
            self.places.append(places)
        self.length = position
        """Tokens of the stream, T."""
        self.ids = torch.cat(parts)
        """The stream, [T]."""

    @cached_property
    def predictors(self) -> torch.Tensor:
        """Positions whose hidden state predicts each response token and the one after the fed ones, [sum (F + 1)]."""
        pairs = zip(self.roots, self.places, strict=True)
        chains = [[[root.end - 1], places] for root, group in pairs for places in group]
        return torch.from_numpy(np.concatenate([part for chain in chains for part in chain]).astype(np.int64))

    def positions(self, prompt_positions: Sequence[torch.Tensor]) -> torch.Tensor:
        """Rotary positions of the stream, [axes, T]; a response goes on at its prompt's highest position + 1.

        `prompt_positions`: one [axes, P] tensor a prompt.
        """
        parts = list(prompt_positions)
        following = {root.end: int(own.max()) + 1 for root, own in zip(self.roots, prompt_positions, strict=True)}
        for segment in self.segments[len(self.roots) :]:
            first = following[segment.path[0][1]] + segment.depth
            parts.append(torch.arange(first, first + segment.length)[None].expand(parts[0].shape[0], -1))
        return torch.cat(parts, 1)

    def mask(self, segment: Segment, device: torch.device | None = None) -> torch.Tensor:
        """What a segment may attend to, [length, visible + length] bool: all of its path, itself up to the token."""
        key = (segment.length, segment.visible, device)
        if key not in self._masks:
            own = torch.ones(segment.length, segment.length, dtype=torch.bool, device=device).tril()
            self._masks[key] = torch.cat([own.new_ones(segment.length, segment.visible), own], 1)
        return self._masks[key]

    @cached_property
    def _masks(self) -> dict[tuple[int, int, torch.device | None], torch.Tensor]:
        return {}

    def pieces(self, stream: torch.Tensor) -> dict[int, torch.Tensor]:
        """A tensor over the stream, [1, H, T, D], cut wherever a segment or a span begins; the pieces by position.

        One split instead of many slices: the gradient of each slice would be a tensor as long as the stream.
        """
        lengths = [last - first for first, last in pairwise(self._cuts)]
        return dict(zip(self._cuts, torch.split(stream, lengths, 2), strict=False))

    def within(self, pieces: dict[int, torch.Tensor], *spans: Span) -> torch.Tensor:
        """The pieces that lie in `spans`, end to end."""
        cuts = self._cuts
        chosen = [
            pieces[cut] for first, last in spans for cut in cuts[bisect_left(cuts, first) : bisect_left(cuts, last)]
        ]
        return chosen[0] if len(chosen) == 1 else torch.cat(chosen, 2)

    @cached_property
    def _cuts(self) -> list[int]:
        spans = [span for segment in self.segments for span in (*segment.path, (segment.start, segment.end))]
        return sorted({edge for span in spans for edge in span})

    def fed(self, offset: int) -> list[Segment]:
        """The segments that are fed when the first `offset` positions have been read before: 0, or all roots."""
        return self.segments[len(self.roots) :] if offset else self.segments

    def varlen(
        self, offset: int = 0, device: torch.device | None = None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, int, int]:
        """For a variable-length kernel: positions of every fed segment's keys laid end to end, cumulative query and key
        lengths (int32, [segments + 1]), and the longest of each.
        """
        if (offset, device) not in self._varlens:
            segments = self.fed(offset)
            keys = [
                np.concatenate([np.arange(*span) for span in (*segment.path, (segment.start, segment.end))])
                for segment in segments
            ]
            queries = np.cumsum([0, *(segment.length for segment in segments)])
            ends = np.cumsum([0, *(len(each) for each in keys)])
            self._varlens[offset, device] = (
                torch.from_numpy(np.concatenate(keys)).to(device),
                torch.from_numpy(queries.astype(np.int32)).to(device),
                torch.from_numpy(ends.astype(np.int32)).to(device),
                int(np.diff(queries).max()),
                int(np.diff(ends).max()),
            )
        return self._varlens[offset, device]

    @cached_property
    def _varlens(self) -> dict[Any, tuple[torch.Tensor, torch.Tensor, torch.Tensor, int, int]]:
        return {}


def _longest_common(tokens: np.ndarray, known: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[int, np.ndarray]:
    """Length of the longest prefix of `tokens` that a known response begins with, and that response's positions."""
    best, source = 0, np.zeros(0, dtype=np.int64)
    for other, places in known:
        length = min(len(tokens), len(other))
        if length > best:
            differing = np.flatnonzero(tokens[:length] != other[:length])
            common = int(differing[0]) if len(differing) else length
            if common > best:
                best, source = common, places
    return best, source


def _spans(positions: np.ndarray) -> tuple[Span, ...]:
    """Ascending positions as runs."""
    if not len(positions):
        return ()
    breaks = np.flatnonzero(np.diff(positions) != 1) + 1
    return tuple((int(run[0]), int(run[-1]) + 1) for run in np.split(positions, breaks))
