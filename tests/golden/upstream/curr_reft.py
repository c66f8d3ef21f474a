"""Adapters for Curr-ReFT's rewards of three stages, its older reward and its evaluation; its `task` is our `label`."""

from collections.abc import Callable

from shapes import Adapter, Inputs

from rlvr.rewards import choice_letters, judgement, open_answer, partial_classes, task_format
from rlvr.scoring import curr_reft

EVALUATION = {
    "detection": curr_reft.detection_published,
    "classify": curr_reft.classes_published,
    "math": curr_reft.math_published,
}


def labelled(function: Callable[..., list[float | None]]) -> Adapter:
    """A reward that reads the label and, where the row has one, the solution."""

    def adapter(inputs: Inputs) -> float | None:
        columns = {name: [inputs[name]] for name in ("solution",) if name in inputs}
        return function([inputs["completion"]], label=[inputs["task"]], **columns)[0]

    return adapter


def correct(inputs: Inputs) -> float:
    """Upstream counts what it cannot read as wrong."""
    completion, solution = [inputs["completion"]], inputs["solution"]
    if inputs["item"] == "math_out":
        return curr_reft.number_published(completion, answer=[str(solution)])[0] or 0.0
    return EVALUATION[inputs["task"]](completion, solution=[solution])[0] or 0.0


ADAPTERS = {
    "stage1_judge:iou_reward": labelled(judgement.accuracy),
    "stage2_choice:iou_reward": labelled(choice_letters.accuracy),
    "stage3_open:iou_reward": labelled(open_answer.accuracy),
    "legacy_hard_reward:iou_reward": labelled(partial_classes.classes),
    "format_reward": labelled(task_format.blocks),
    "eval_correct": correct,
}
