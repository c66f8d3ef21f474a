"""Where MMR1 looks for the answer of a reply: up to three different texts, the most trusted first.

1. the first answer tag;  2. boxes, up to their first closing brace;  3. what follows "the answer is", "therefore",
"so" (inside words too), "=", "solution", "result", ...;  4. the last sentence, if it is short and little else is found.

Upstream: LengSicong/MMR1@d8161a0 verl/utils/reward_score/r1v.py. Its patterns need quadratic time on white space and
open braces; the same texts are found here in linear time.
"""

import re
from collections.abc import Iterator

from rlvr.answers import tag_span

MOST = 3
"""Candidates that are tried."""

LONGEST_SENTENCE = 100
"""Characters from which on the last sentence is not taken."""

CUT = 200
"""Characters of the reply that are tried when nothing else is found."""

PHRASES = (
    (re.compile("the answer is|therefore|thus|so|hence|result is", re.IGNORECASE), True),
    (re.compile("equals?|=", re.IGNORECASE), False),
    (re.compile("final answer|conclusion|solution", re.IGNORECASE), True),
    (re.compile("answer|result", re.IGNORECASE), True),
)
"""Words that announce an answer, best first, and whether a colon may follow."""

_SPACE = re.compile(r"\s*+")
_STOP = re.compile(r"[.\n]")
_SENTENCE = re.compile(r"[.!?]\s++")
_BOX = "\\boxed{"


def candidates(text: str) -> list[str]:
    """At most `MOST` different texts, at least one."""
    tagged = tag_span(text, "answer")
    found = [] if tagged is None else [tagged]
    found += _boxes(text)
    for words, colon in PHRASES:
        found += _announced(text, words, colon)
    if len(found) < MOST and len(last := _SENTENCE.split(text.strip())[-1].strip()) < LONGEST_SENTENCE:
        found.append(last)
    different = list(dict.fromkeys(stripped for one in found if (stripped := one.strip())))
    return different[:MOST] or [text.strip()[:CUT] if tagged is None else tagged]


def _boxes(text: str) -> Iterator[str]:
    """What stands between each box's opening and the next closing brace, empty ones left out."""
    place = text.find(_BOX)
    while place >= 0:
        start = place + len(_BOX)
        end = text.find("}", start)
        if end < 0:
            return
        if end > start:
            yield text[start:end].strip()
        place = text.find(_BOX, end if end > start else start)


def _announced(text: str, words: re.Pattern[str], colon: bool) -> Iterator[str]:
    """The rest of the line or sentence behind each of the words."""
    place = 0
    while found := words.search(text, place):
        start = _start(text, found.end(), colon)
        if start is None and found.group().lower() == "equals":
            start = found.end() - 1  # the s is optional, so it counts as the answer
        if start is None:
            place = found.start() + 1
            continue
        stop = _STOP.search(text, start)
        place = stop.start() if stop else len(text)
        yield text[start:place].strip()


def _start(text: str, place: int, colon: bool) -> int | None:
    """Where the text behind white space (and a colon) begins; the white space itself counts when nothing else does."""
    end = _skipped(text, place)
    if colon and text.startswith(":", end):
        behind = _skipped(text, end + 1)
        if behind < len(text) and text[behind] != ".":
            return behind
        # Before a full stop the pattern falls back on a blank, or else on the colon itself.
        return _last_blank(text, end + 1, behind) or end
    if end < len(text) and text[end] != ".":
        return end
    return _last_blank(text, place, end)


def _skipped(text: str, place: int) -> int:
    space = _SPACE.match(text, place)
    assert space is not None
    return space.end()


def _last_blank(text: str, start: int, end: int) -> int | None:
    """The last white space in the range that is no line break."""
    return next((place for place in range(end - 1, start - 1, -1) if text[place] != "\n"), None)
