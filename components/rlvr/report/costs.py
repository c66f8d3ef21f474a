"""What a run cost: wall time, GPU hours and tokens of every training stage and every evaluation."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rlvr.report.inputs import Evaluation, Training


def costs(stages: Sequence[Training], found: Mapping[str, Mapping[str, Evaluation]]) -> dict[str, Any]:
    """One entry a stage and an evaluation, and their sums.

    `gpu_hours` counts training stages that ran on GPUs, wall time times the number of cards; it is None when no stage
    recorded its hardware. Evaluations record their wall time only.
    """
    trained = [training.stage for training in stages]
    evaluated = [evaluation for roles in found.values() for evaluation in roles.values()]
    seconds = [entry["seconds"] for entry in trained] + [evaluation.seconds for evaluation in evaluated]
    entries = [
        stage | {"rate": _rate(stage["response_tokens"], stage["seconds"]), "gpu_hours": gpu_hours(stage)}
        for stage in trained
    ]
    hours = [entry["gpu_hours"] for entry in entries if entry["gpu_hours"] is not None]
    return {
        "stages": entries,
        "evaluations": [
            {
                "benchmark": evaluation.benchmark,
                "role": evaluation.role,
                "replies": len(evaluation.row_ids),
                "seconds": evaluation.seconds,
                "tokens": evaluation.tokens,
                "truncated": evaluation.truncated,
                "rate": _rate(evaluation.tokens, evaluation.seconds),
            }
            for evaluation in evaluated
        ],
        "total_seconds": sum(value for value in seconds if value is not None),
        "gpu_hours": sum(hours) if hours else None,
        "training_tokens": sum(stage["response_tokens"] or 0 for stage in trained),
        "evaluation_tokens": sum(evaluation.tokens for evaluation in evaluated),
    }


def gpu_hours(stage: Mapping[str, Any]) -> float | None:
    """Hours times cards of one stage: `8 x NVIDIA H100` counts eight, a CPU none; None when it is not recorded."""
    if not stage["hardware"] or stage["seconds"] is None:
        return None
    cards = re.match(r"(\d+) x ", str(stage["hardware"]))
    return int(cards[1]) * stage["seconds"] / 3600 if cards else 0.0


def _rate(tokens: float | None, seconds: float | None) -> float | None:
    return tokens / seconds if tokens is not None and seconds else None
