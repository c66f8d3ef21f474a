"""A language model's opinion of answers, beside the rules and never in their place.

It sees question, reference answer and what follows the reasoning, and says right or wrong (`rlvr.rewards.cot_judge`).
A judge is an instrument that must be calibrated itself, so its agreement with the rules is reported with its score, and
which model said so, how many questions it left open, and the digest of its instruction, for the record.
"""

from collections.abc import Sequence
from typing import Any

from rlvr.canonical import digest
from rlvr.method import Judge
from rlvr.rewards import cot_judge
from rlvr.rewards.judge import seen_models, unanswered

Scores = list[float | None]


def judged(judge: Judge, completions: Sequence[str], questions: Sequence[str], answers: Sequence[str]) -> Scores:
    """1, 0, or None where no verdict could be had."""
    texts = [_without_thoughts(text) for text in completions]
    return cot_judge.verdict(texts, prompt=list(questions), answer=list(answers), judge=judge)


def record(judge: Judge, scores: Scores, by_rule: dict[str, Scores]) -> dict[str, Any]:
    """What is to be known of a judge: who it was, and how often it agrees with each rule (unread replies are wrong)."""
    return {
        "model": judge.model,
        "answered_by": seen_models().get(judge.model, []),
        "unanswered": unanswered().get(judge.model, 0),
        "settings_digest": digest(judge),
        "instruction_digest": digest(cot_judge.SYSTEM),
        "agreement_percent": {rule: _agreement(scores, others) for rule, others in by_rule.items()},
    }


def _agreement(scores: Scores, others: Scores) -> float | None:
    pairs = [(one, other or 0.0) for one, other in zip(scores, others, strict=True) if one is not None]
    return round(100 * sum(one == other for one, other in pairs) / len(pairs), 4) if pairs else None


def _without_thoughts(text: str) -> str:
    """What follows the last closed reasoning; a reply cut inside its reasoning says nothing."""
    _, closed, behind = text.rpartition("</think>")
    return behind if closed else "" if "<think>" in text else text
