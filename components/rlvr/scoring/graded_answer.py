"""Putting a model's answer before a judge: what follows its reasoning, between marks that it cannot write itself."""

import hashlib

from rlvr.rewards.judge import Question

LONGEST = 4000
"""Characters of an answer that a judge sees, from its end."""


def without_thoughts(text: str) -> str:
    """What follows the last closed reasoning; a reply cut inside its reasoning says nothing."""
    _, closed, behind = text.rpartition("</think>")
    return behind if closed else "" if "<think>" in text else text


def between_marks(context: str, given: str, system: str) -> Question:
    """A question about `given`, with `context` before it and `system` as instruction."""
    # A mark made from the answer's own digest cannot be written inside it.
    mark = f"=== {hashlib.sha256(given.encode('utf-8', 'replace')).hexdigest()[:12]} ==="
    return Question(text=f"{context}\n\nAnswer to grade:\n{mark}\n{given[-LONGEST:]}\n{mark}", system=system)
