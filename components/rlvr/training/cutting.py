"""Cutting the responses of one prompt into parts that fit into memory, where all of them together do not."""

from math import ceil


def parts(size: int, prompt: int, length: int, limit: int, *, packed: bool) -> int:
    """In how many parts `size` responses are taken so that each stays within `limit` tokens; one is never cut.

    `prompt` and `length` are the tokens of the prompt and of each response. Each part has the prompt once where
    sequences are packed, else each response has it.
    """
    together = (limit - prompt) // max(1, length) if packed else limit // max(1, prompt + length)
    return ceil(size / max(1, min(size, together))) if size else 1


def cut(size: int, count: int) -> list[range]:
    """The numbers 0 .. `size` - 1 in `count` runs of about the same length."""
    each = ceil(size / count)
    return [range(first, min(first + each, size)) for first in range(0, size, each)] if size else [range(0)]
