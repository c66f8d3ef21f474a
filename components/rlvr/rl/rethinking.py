"""Forced rethinking (VL-Rethinker §3.2): some finished responses go on after a trigger; correct results replace them.

A continuation shares its beginning with the response that it goes on from, so in the packed update it is a child of it.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from rlvr.rl.encoding import Encoder
from rlvr.rl.sample import Sample
from rlvr.training import Rethinking

Generate = Callable[[Sequence[int], Sequence[Sequence[torch.Tensor]]], list[list[Sample]]]
"""From rows and starts by row to samples that hold start and continuation, judged."""

REFLECTIONS = re.compile(r"wait,|wait a|alternatively")
"""What upstream counts as reflecting (experience_maker.py @ dd2c17d), in lower case."""


def reflects(text: str) -> bool:
    """Whether a response reflects on itself."""
    return bool(REFLECTIONS.search(text.lower()))


def rethink(
    groups: Sequence[list[Sample]],
    settings: Rethinking,
    encoder: Encoder,
    generate: Generate,
    *,
    key: str,
) -> list[list[Sample]]:
    """`groups` in which correct continuations stand in the place of the responses that they go on from.

    Their `nll_from` is where the trigger begins. Every choice depends on `key`, the row and the place in the group
    alone.
    """
    chosen: dict[int, list[tuple[int, torch.Tensor, torch.Tensor]]] = {}
    for number, group in enumerate(groups):
        for place, sample in enumerate(group):
            draw = random.Random(f"{key} {sample.row} {place}")
            if not sample.truncated and draw.random() < settings.fraction:
                chosen.setdefault(number, []).append((place, *begin(sample, settings, encoder, draw)))
    results = [list(group) for group in groups]
    if not chosen:
        return results
    starts = [[torch.cat([kept, trigger]) for _, kept, trigger in tries] for tries in chosen.values()]
    continued = generate([groups[number][0].row for number in chosen], starts)
    for (number, tries), samples in zip(chosen.items(), continued, strict=True):
        pairs = zip(tries, samples, strict=True)
        right = [(place, replace(sample, nll_from=len(kept))) for (place, kept, _), sample in pairs if sample.correct]
        for place, sample in right[: settings.per_group]:
            results[number][place] = sample
    return results


def begin(
    sample: Sample, settings: Rethinking, encoder: Encoder, draw: random.Random
) -> tuple[torch.Tensor, torch.Tensor]:
    """What is kept of a response, without its end token and perhaps without its last paragraph, and a trigger."""
    kept = sample.ids[:-1]
    if draw.random() < settings.cut_back:
        kept = before_last_paragraph(kept, encoder)
    return kept, encoder.tokens(draw.choice(settings.triggers))


def before_last_paragraph(ids: torch.Tensor, encoder: Encoder) -> torch.Tensor:
    """The longest beginning of `ids` whose text ends before the last paragraph; all of them if there is only one."""
    text = encoder.decode(ids.tolist())
    cut = text.rstrip().rfind("\n")
    if cut <= 0:
        return ids
    low, high = 0, len(ids)
    while low < high:  # texts of beginnings grow, so bisection finds the last that is short enough
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(encoder.decode(ids[:middle].tolist())) <= cut else (low, middle - 1)
    return ids[:low]
