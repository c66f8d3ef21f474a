"""A reward that every completion earns some of, so that a model of a dozen steps has a gradient to follow."""


def spread(completions, **_):
    """Distinct characters as a share of fifty."""
    return [len(set(text)) / 50 for text in completions]
