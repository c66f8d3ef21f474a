"""What a run cost: wall time, GPU hours and tokens of every training stage and every evaluation."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rlvr.report.inputs import Evaluation, Training


def costs(stages: Sequence[Training], found: Mapping[str, Mapping[str, Evaluation]]) -> dict[str, Any]:
    """One entry a stage and an evaluation, and their sums.

    `gpu_hours` counts what ran on GPUs, wall time times the number of cards: the sum over everything that recorded its
    hardware (`training_gpu_hours` over the stages alone), None when nothing did.
    """
    trained = [training.stage for training in stages]
    evaluated = [evaluation for roles in found.values() for evaluation in roles.values()]
    seconds = [entry["seconds"] for entry in trained] + [evaluation.seconds for evaluation in evaluated]
    entries = [
        stage
        | {
            "rate": _rate(stage["response_tokens"], stage["seconds"]),
            "gpu_hours": gpu_hours(stage["hardware"], stage["seconds"]),
        }
        for stage in trained
    ]
    trained_hours = [entry["gpu_hours"] for entry in entries]
    evaluated_hours = [gpu_hours(evaluation.hardware, evaluation.seconds) for evaluation in evaluated]
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
                "gpu_hours": hours,
                "hardware": evaluation.hardware,
            }
            for evaluation, hours in zip(evaluated, evaluated_hours, strict=True)
        ],
        "total_seconds": sum(value for value in seconds if value is not None),
        "gpu_hours": _sum([*trained_hours, *evaluated_hours]),
        "training_gpu_hours": _sum(trained_hours),
        "training_tokens": sum(stage["response_tokens"] or 0 for stage in trained),
        "evaluation_tokens": sum(evaluation.tokens for evaluation in evaluated),
    }


def gpu_hours(hardware: str | None, seconds: float | None) -> float | None:
    """Hours times cards: `8 x NVIDIA H100` counts eight, a CPU none; None when it is not recorded."""
    if not hardware or seconds is None:
        return None
    cards = re.match(r"(\d{1,6}) x ", str(hardware))
    return int(cards[1]) * seconds / 3600 if cards else 0.0


def _sum(hours: Sequence[float | None]) -> float | None:
    known = [value for value in hours if value is not None]
    return sum(known) if known else None


def _rate(tokens: float | None, seconds: float | None) -> float | None:
    return tokens / seconds if tokens is not None and seconds else None
