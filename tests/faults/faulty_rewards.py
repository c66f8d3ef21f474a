"""Rewards that fail on some completions, as module-level functions."""

import time


def length(completions, **_):
    return [len(text) % 10 / 10 for text in completions]


def bad(text):
    """About every fifth completion."""
    return len(text) % 5 == 0


def raising(completions, **_):
    if any(map(bad, completions)):
        raise KeyError("the judge's table")
    return length(completions)


def not_finite(completions, **_):
    return [float("nan") if bad(text) else value for text, value in zip(completions, length(completions), strict=True)]


def as_zero(completions, **_):
    return [0.0 if bad(text) else value for text, value in zip(completions, length(completions), strict=True)]


def always_raising(completions, **_):
    raise KeyError("no")


def hanging(completions, **_):
    while any(map(bad, completions)):
        try:
            time.sleep(3600)
        except Exception:  # what goes on after any error is interrupted all the same
            continue
    return length(completions)
