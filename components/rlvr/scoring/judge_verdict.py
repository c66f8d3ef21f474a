"""A language model's opinion of answers, beside the rules and never in their place.

It sees question, reference answer and what follows the reasoning, and says right or wrong (`rlvr.rewards.cot_judge`).
A judge is an instrument that must be calibrated itself, so its agreement with the rules is reported with its score, and
which model said so, how many questions it left open, and the digest of its instruction, for the record.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.canonical import digest
from rlvr.errors import RlvrError
from rlvr.method import Judge
from rlvr.rewards import cot_judge
from rlvr.rewards.judge import seen_models, unanswered
from rlvr.scoring.graded_answer import without_thoughts

Scores = list[float | None]


def judged(
    judge: Judge, benchmark: Benchmark, completions: Sequence[str], columns: Mapping[str, Sequence[Any]]
) -> Scores:
    """The judge's scores in [0, 1]: right or wrong unless the benchmark says otherwise; None without a verdict."""
    if "answer" not in columns:
        raise RlvrError("A judge compares texts, and this benchmark's gold answers are not in a column `answer`.")
    given = {name: list(values) for name, values in columns.items()}
    given["prompt"] = [str(text or "") for text in columns["prompt"]]
    if benchmark.judge_rule is not None:
        return benchmark.judge_rule.score(list(completions), judge=judge, **given)
    texts = [without_thoughts(text) for text in completions]
    return cot_judge.verdict(texts, prompt=given["prompt"], answer=given["answer"], judge=judge)


def record(judge: Judge, benchmark: Benchmark, scores: Scores, by_rule: dict[str, Scores]) -> dict[str, Any]:
    """What is to be known of a judge: who it was, and how often it agrees with each rule (unread replies are wrong)."""
    own = benchmark.judge_rule
    return {
        "model": judge.model,
        "answered_by": seen_models().get(judge.model, []),
        "unanswered": unanswered().get(judge.model, 0),
        "settings_digest": digest(judge),
        "instruction_digest": digest(cot_judge.SYSTEM if own is None else own.instructions),
        "agreement_percent": {rule: _agreement(scores, others) for rule, others in by_rule.items()},
    }


def _agreement(scores: Scores, others: Scores) -> float | None:
    pairs = [(one, other or 0.0) for one, other in zip(scores, others, strict=True) if one is not None]
    return round(100 * sum(one == other for one, other in pairs) / len(pairs), 4) if pairs else None
