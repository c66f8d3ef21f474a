"""How much is tried, and texts such as nobody writes by hand.

CI tries a few examples, the same every time. `make fuzz` sets RLVR_FUZZ_EXAMPLES and tries others each time; what it
finds is printed with `@reproduce_failure`, and becomes a test by name.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("RLVR_FUZZ_EXAMPLES", "0"))
PROCESSOR_SECONDS = 120
"""Processor time of one example, far above what any needs: what is quadratic in a megabyte takes longer."""


def trying(few: int) -> settings:
    """Settings of a target of which CI tries `few` examples."""
    return settings(
        max_examples=EXAMPLES or few,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


@contextmanager
def bounded() -> Iterator[None]:
    """Fail a block that does not end, where it is between two Python operations."""

    def over(*_: object) -> None:
        raise AssertionError(f"{PROCESSOR_SECONDS} seconds of processor time were not enough")

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, PROCESSOR_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


PIECES = (
    "<think>", "</think>", "<answer>", "</answer>", "<answer", "◁think▷", "◁/think▷", "<image>", "<glue>", "</glue>",
    "\\boxed{", "}", "{", "[", "]", "[[", "(", ")", '"', "'", "`", "```json\n", "```", "\\frac{1}{2}", "\\", "$", "$$",
    "0", "1", "9", "12", "-1", "0.5", "1e999", "NaN", "Infinity", "٣", "½", "²", "12,000", "1/0", "9**9**9", "%", "°",
    "A", "B", "A.", "(C)", "yes", "no", "True", "cm", "and", "to", " ", "  ", "\n", "\t", "\r", "\0", "\x1b[2J",
    "\u202e", "\ud800", "é", "小时", "\U0001f600", ",", ":", ";", ".", "..", "...", "/", "|", "=", "<", ">", "x", "X",
    "Position", "Confidence", "bbox_2d", "label", "No Objects", "Answer:", "the answer is", "step", "wait", "{}",
    '{"correct": true}', '{"Position": [1, 2, 3, 4], "Confidence": 1}', "[0, 0, 1, 1]", "1.5 to 3.5", "null", "true",
)  # fmt: skip
"""What answers and their readers are made of."""

pieces = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=30).map("".join)
repeated = st.builds(
    lambda piece, count, end: piece * count + end,
    st.sampled_from(PIECES),
    st.sampled_from((50, 3_000)),
    st.sampled_from(PIECES),
)
nested = st.builds(
    lambda opening, inside, closing, depth: opening * depth + inside + closing * depth,
    st.sampled_from(("[", "{", "(", "<think>", "<answer>", "\\boxed{", "\\frac{", "$", '{"a":')),
    pieces,
    st.sampled_from(("]", "}", ")", "</think>", "</answer>", "")),
    st.sampled_from((1, 3, 40, 1_500)),
)
texts = st.one_of(pieces, pieces, nested, repeated, st.text(max_size=60))
"""Any text, more often such as a reader might stumble on."""

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.sampled_from((0, -1, 2**31, 2**63, 10**400)),
    st.floats(), texts,
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(pieces, inner, max_size=3)),
    max_leaves=6,
)
"""Any JSON value, and some that JSON does not have."""
