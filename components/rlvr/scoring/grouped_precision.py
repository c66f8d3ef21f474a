"""Average precision part by part, then averaged over parts and over groups of parts, as OVDEval's overall figure is.

A part's name may begin with its group: of `proper noun/logo`, `proper noun/landmark` and `negation`, the first two make
one number together, whose mean with the third is the result. Boxes are pooled within a part and never across parts.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np

from rlvr.scoring.average_precision import Ranking, average_precision
from rlvr.scoring.picture import Picture


def grouped_average_precision(pictures: Sequence[Picture], parts: Sequence[str]) -> float:
    """The mean over groups of the means over parts of their AP in [0, 1]; `parts` names each picture's part."""
    return mean_of_groups(
        {part: average_precision([pictures[place] for place in places]) for part, places in _places(parts).items()}
    )


class GroupedRanking:
    """The same from matches that are made once, for pictures that count several times or not at all."""

    def __init__(self, pictures: Sequence[Picture], parts: Sequence[str]) -> None:
        self._parts = {
            part: (np.array(places), Ranking([pictures[place] for place in places]))
            for part, places in _places(parts).items()
        }

    def __call__(self, weights: np.ndarray) -> float:
        """The number where picture i counts `weights[i]` times; parts of which no picture was drawn are left out."""
        drawn = {part: (weights[places], ranking) for part, (places, ranking) in self._parts.items()}
        return mean_of_groups({part: ranking(some) for part, (some, ranking) in drawn.items() if some.any()})


def mean_of_groups(values: Mapping[str, float]) -> float:
    """The mean over groups of the means over their parts; 0 without any part."""
    groups: dict[str, list[float]] = defaultdict(list)
    for part, value in values.items():
        groups[part.partition("/")[0]].append(value)
    return fmean(fmean(group) for group in groups.values()) if groups else 0.0


def _places(parts: Sequence[str]) -> dict[str, list[int]]:
    """Part -> numbers of its pictures, parts in alphabetical order."""
    found: dict[str, list[int]] = defaultdict(list)
    for place, part in enumerate(parts):
        found[part].append(place)
    return {part: found[part] for part in sorted(found)}
