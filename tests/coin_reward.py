"""A reward that calls about half of all completions right, so that even a model that knows nothing has some."""


def heads(completions, **_):
    """1 for completions whose bytes have an even sum, else 0."""
    return [float(sum(text.encode()) % 2 == 0) for text in completions]


def tails(completions, **_):
    """0 for every completion."""
    return [0.0 for _ in completions]
