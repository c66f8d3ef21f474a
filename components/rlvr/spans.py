"""Texts between an opening and a closing mark, such as answer tags and fenced blocks, in linear time.

    list(between("<answer>a</answer> or <answer>b</answer>", "<answer>", "</answer>"))  ->  ["a", "b"]

The same bodies that a lazy regular expression (`<answer>(.*?)</answer>` over line breaks) finds one after the other.
"""

from collections import deque
from collections.abc import Iterator


def between(text: str, opening: str, closing: str) -> Iterator[str]:
    """Bodies from left to right, unstripped; each search goes on behind the closing mark of the one before."""
    start = text.find(opening)
    while start >= 0:
        start += len(opening)
        end = text.find(closing, start)
        if end < 0:  # no later opening mark has a closing one either
            return
        yield text[start:end]
        start = text.find(opening, end + len(closing))


def first(text: str, opening: str, closing: str) -> str | None:
    """The first body, stripped; None when there is none."""
    return next((body.strip() for body in between(text, opening, closing)), None)


def last(text: str, opening: str, closing: str) -> str | None:
    """The last body, stripped; None when there is none."""
    bodies = deque(between(text, opening, closing), maxlen=1)
    return bodies[0].strip() if bodies else None


def last_answer(text: str) -> str | None:
    """Body of the last answer tag as a search from the left finds it, stripped; None when there is none."""
    return last(text, "<answer>", "</answer>")
