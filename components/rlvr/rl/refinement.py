"""Refinement over several turns (MetaSpatial): each completion is revised into the next turn's prompt, and so on.

    row -> G completions -> G revised rows -> one completion each -> ...      one path a completion of the first turn

A path's return is the normalised discounted mean of its turns' rewards; paths of a row are compared with each other,
and every turn of a path is trained with the path's advantage. Later turns have prompts of their own, so in the packed
update they are roots of their own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from rlvr.errors import RlvrError
from rlvr.method import Task
from rlvr.rl.prompts import StepPrompts
from rlvr.rl.sample import Sample

Path = list[Sample]
Complete = Callable[[Sequence[int], str], list[list[Sample]]]
"""From rows and a label to one judged completion of each."""


def refine(
    groups: Sequence[list[Sample]],
    turns: int,
    prompts: StepPrompts,
    tasks: Mapping[str, Task],
    complete: Complete,
) -> list[list[Path]]:
    """Paths of `turns` samples by row; the first turn's samples are those of `groups`."""
    paths = [[[sample] for sample in group] for group in groups]
    for turn in range(1, turns):
        flat = [path for group in paths for path in group]
        numbers = [_revised(path[-1], prompts, tasks) for path in flat]
        for path, (sample,) in zip(flat, complete(numbers, f"turn{turn}"), strict=True):
            path.append(replace(sample, turn=turn))
    return paths


def discounted_return(rewards: Sequence[float], discount: float) -> float:
    """sum(discount^i r_i) / sum(discount^i) over turns i = 0, 1, ...; early turns weigh most.

    Upstream: MetaSpatial @ a3c89c2, verl/trainer/ray_trainer.py, compute_discounted_reward.
    """
    weights = [discount**turn for turn in range(len(rewards))]
    return sum(weight * reward for weight, reward in zip(weights, rewards, strict=True)) / sum(weights)


def _revised(sample: Sample, prompts: StepPrompts, tasks: Mapping[str, Task]) -> int:
    """Number of the row that the next turn answers."""
    row = prompts.row(sample.row)
    revise = tasks[row["task"]].revise
    if revise is None:
        raise RlvrError(f"Task {row['task']} has no `revise`, which a stage with refinement asks for the next turn.")
    return prompts.add(revise(row, sample.text), sample.row)
