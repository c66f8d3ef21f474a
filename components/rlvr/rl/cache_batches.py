"""Batches of completions whose keys and values stand in memory together."""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from rlvr.rl.encoding import EncodedPrompt
from rlvr.training.cutting import cut, parts


class Part(NamedTuple):
    """Completions of one prompt that are drawn together."""

    prompt: int
    """Number of the prompt."""
    samples: range
    """Numbers of the completions."""


def cache_batches(
    prompts: Sequence[EncodedPrompt],
    groups: Sequence[Sequence[torch.Tensor]],
    new: int,
    limit: int,
    *,
    packed: bool,
) -> list[list[Part]]:
    """Parts in batches whose padded cache stays within `limit` tokens, by ascending prompt length if several.

    groups: of each prompt the tokens that its completions begin with; `new` more are drawn for each at most. A prompt
    stands in the cache once where sequences are packed, else once a completion. A prompt whose completions exceed the
    limit on their own is drawn in several batches; a single completion is never cut.
    """
    batches: list[list[Part]] = [[]]
    rows = 0
    for index in sorted(range(len(prompts)), key=lambda index: len(prompts[index].ids)):
        length, size = len(prompts[index].ids), len(groups[index])
        longest = max((len(start) for start in groups[index]), default=0) + new
        for samples in cut(size, parts(size, length, longest, limit, packed=packed)):
            rows += len(samples)
            copies = len(batches[-1]) + 1 if packed else rows
            if batches[-1] and copies * length + rows * longest > limit:
                batches.append([])
                rows = len(samples)
            batches[-1].append(Part(index, samples))
    return batches if len(batches) > 1 else [sorted(batches[0], key=lambda part: part.prompt)]
