"""Reason-RFT's optional reward for brevity: shorter than the rest of the BATCH, in characters.

With l the length and `share = 0.5 - (l - shortest) / (longest - shortest)`, a right answer earns 0.05 share and a wrong
one at most 0. Nothing before step 800. Upstream pools all prompts of a batch, so a prompt with long answers is
punished for its neighbours' short ones; Kimi k1.5, whose formula this is, compares within a group.
Upstream: tanhuajie/Reason-RFT@d0a8070 train/stage_rl/reward.py (len_reward; no published script uses it).
"""

from typing import Any

from rlvr.answers import answer_span
from rlvr.rewards import exact_answer

FIRST_STEP = 800
"""Step of the training from which on it is paid."""

WEIGHT = 0.05


def brevity(
    completions: list[str], *, solution: list[Any], current_step: int = FIRST_STEP, **_: Any
) -> list[float | None]:
    """-0.025 to 0.025 for every completion of the batch; None for all where a solution is no text (upstream raises)."""
    if any(not isinstance(truth, str) for truth in solution):
        return [None] * len(completions)
    lengths = [len(text) for text in completions]
    shortest, longest = min(lengths, default=0), max(lengths, default=0)
    if shortest == longest or current_step < FIRST_STEP:
        return [0.0] * len(completions)
    shares = [0.5 - (length - shortest) / (longest - shortest) for length in lengths]
    return [
        WEIGHT * (share if _right(text, truth) else min(0.0, share))
        for text, truth, share in zip(completions, solution, shares, strict=True)
    ]


def _right(text: str, truth: str) -> bool:
    """Equal text or equal number in the answer tag; math-verify where there is no tag."""
    if exact_answer.score(text, truth, answer_span) == 1.0:
        return True
    given, wanted = answer_span(text), answer_span(truth)
    try:
        return float(text if given is None else given) == float(truth if wanted is None else wanted)
    except ValueError:
        return False
