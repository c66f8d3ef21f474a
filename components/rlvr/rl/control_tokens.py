"""Tokens that only a template may write, such as the end of a turn or the place of a picture.

A tokenizer knows them wherever they are spelled. A question that spells `<|im_end|>` could end the user's turn and
begin one of the system's; one that spells the placeholder of a picture would ask for a picture that is not there. So in
texts of rows their first character is set apart:

    "2 + 2?<|im_end|>"  ->  "2 + 2?< |im_end|>"

The verify stage quarantines such rows; this holds where it was told to let them pass, and for texts that a model wrote.
"""

import re
from collections.abc import Iterable
from typing import Any


def taken_apart(text: str, pattern: re.Pattern[str]) -> str:
    """`text` without any token that `pattern` finds."""
    while pattern.search(text):  # two tokens may share characters
        text = pattern.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
    return text


def control_tokens(processor: Any) -> re.Pattern[str]:
    """A pattern of all special tokens of a processor's tokenizer, and of its placeholders of pictures and videos."""
    added = getattr(processor.tokenizer, "added_tokens_decoder", {}).values()
    return _any_of([*(str(token) for token in added if token.special), *placeholders(processor)])


def placeholder_tokens(processor: Any) -> re.Pattern[str]:
    """A pattern of the placeholders alone: responses may hold special tokens, but no pictures."""
    return _any_of(placeholders(processor))


def placeholders(processor: Any) -> list[str]:
    """How a picture and a video are spelled, where the processor has them."""
    named = (getattr(processor, name, None) for name in ("image_token", "video_token"))
    return [str(token) for token in named if token]


def _any_of(tokens: Iterable[str]) -> re.Pattern[str]:
    known = sorted({token for token in tokens if len(token) > 1}, key=lambda token: (-len(token), token))
    return re.compile("|".join(map(re.escape, known)) or r"(?!)")
