"""r1-vlm's message decoding: a picture maps code letters to plain letters, a coded message is to be decoded.

    decoded_message "cat dog", coded_message "a b c _ d e f"
    <think> ... <chars>c a t _ d o g</chars> ... </think>
    <answer>cat dog</answer>

Single words (upper case) earn `word_correctness` and `think_format.one_newline`; words and sequences (lower case) earn
the other four. Completions are read with the prefilled opening of the assistant turn in front.
"""

import re
import string
from typing import Any

from rlvr.answers import answer_span, tag_span
from rlvr.rewards.think_format import PREFILL_LINE

PLAIN_CHARACTERS = frozenset(string.ascii_lowercase + " ")
"""What an answer may consist of to earn partial credit."""

FROM_CHARS_TO_ANSWER = re.compile(r"</chars>(?:(?!</?chars>|<think>).)*?</think>\n<answer>", re.DOTALL)
"""The end of a chars block, the rest of the thinking without another opening tag, and the border to the answer."""


def word_correctness(completions: list[str], *, decoded_message: list[str], **_: Any) -> list[float | None]:
    """1 when the answer, in upper case, is the word; quotes around it make it wrong."""
    answers = [answer_span(text) for text in completions]
    return [
        float(given is not None and given.upper() == truth)
        for given, truth in zip(answers, decoded_message, strict=True)
    ]


def chars_intermediate(
    completions: list[str], *, decoded_message: list[str], coded_message: list[str], **_: Any
) -> list[float | None]:
    """Similarity of the chars block to the message spelt out; 0 when it is closer to the code than to the message."""
    return [
        _chars(text, truth, code) for text, truth, code in zip(completions, decoded_message, coded_message, strict=True)
    ]


def correctness(
    completions: list[str], *, decoded_message: list[str], coded_message: list[str], **_: Any
) -> list[float | None]:
    """1 when the answer is the message, letter for letter, and the chars block is perfect."""
    return [
        float(_chars(text, truth, code) == 1 and answer_span(text) == truth.strip())
        for text, truth, code in zip(completions, decoded_message, coded_message, strict=True)
    ]


def correctness_intermediate(
    completions: list[str], *, decoded_message: list[str], coded_message: list[str], **_: Any
) -> list[float | None]:
    """Similarity of the answer to the message, when the chars block is perfect."""
    return [
        _similar_answer(text, truth) if _chars(text, truth, code) == 1 else 0.0
        for text, truth, code in zip(completions, decoded_message, coded_message, strict=True)
    ]


def chars_format(completions: list[str], **_: Any) -> list[float | None]:
    """1 for a think block that holds a chars block, exactly one line break, and an answer block up to the end."""
    return [float(_has_chars_format(text.removeprefix(PREFILL_LINE))) for text in completions]


def spelt_out(message: str) -> str:
    """`cat dog` as `c a t _ d o g`."""
    return " _ ".join(" ".join(word) for word in message.split())


def _chars(text: str, truth: str, code: str) -> float:
    given, wanted = tag_span(text, "chars"), spelt_out(truth)
    if given is None or _distance(given, code) < _distance(given, wanted):
        return 0.0
    return _similarity(given, wanted)


def _similar_answer(text: str, truth: str) -> float:
    given, wanted = answer_span(text), truth.strip()
    if given is None or not PLAIN_CHARACTERS.issuperset(given):
        return 0.0
    # The message spelt out is no partial answer, nor is anything as far from the message as that.
    if _distance(given, wanted) >= _distance(spelt_out(truth), wanted):
        return 0.0
    return _similarity(given, wanted)


def _similarity(given: str, wanted: str) -> float:
    """1 - edit distance / longer length; 0 for two empty texts."""
    longer = max(len(given), len(wanted))
    return 1 - _distance(given, wanted) / longer if longer else 0.0


def _distance(one: str, other: str) -> int:
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.distance(one, other)


def _has_chars_format(text: str) -> bool:
    body = text.removesuffix("\n")
    first_chars = body.find("<chars>")
    if not (body.startswith("<think>") and body.endswith("</answer>") and first_chars >= 0):
        return False
    if "<think>" in body[len("<think>") : first_chars]:
        return False
    return FROM_CHARS_TO_ANSWER.search(body, first_chars, len(body) - len("</answer>")) is not None
