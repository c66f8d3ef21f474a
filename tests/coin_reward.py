"""A reward that calls about half of all completions right, so that even a model that knows nothing has some."""

from rlvr.rewards import digits


def heads(completions, **_):
    """1 for completions whose bytes have an even sum, else 0."""
    return [float(sum(text.encode()) % 2 == 0) for text in completions]


def right_or_heads(completions, **columns):
    """A digit answer is judged, so that the gate lets the rows pass; without one the coin decides."""
    judged, tossed = digits.correctness(completions, **columns), heads(completions)
    trios = zip(completions, judged, tossed, strict=True)
    return [right if "<answer>" in text else coin for text, right, coin in trios]


def tails(completions, **_):
    """0 for every completion."""
    return [0.0 for _ in completions]
