"""What a method does not say and a plan has to assume: sizes of the data, and how busy the GPUs are."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Assumptions:
    """Every figure of a plan that is neither in the method nor in the profile."""

    picture_pixels: int = 1_048_576
    """Area of a picture before the stage's own limits, pixels; memory is planned for a step full of such pictures."""
    pictures: int = 1
    """Pictures a prompt."""
    text_tokens: int = 300
    """Tokens of a prompt besides its pictures."""
    response_tokens: int = 1024
    """Tokens of a reference response, for supervised stages; completions reach their `max_new_tokens`."""
    mean_length: float = 0.5
    """Mean length of a completion as a share of `max_new_tokens`, for times alone."""
    utilisation: float = 0.11
    """Share of the GPU's bfloat16 peak in passes over many tokens (MFU). Measured: an update of 2.2 billion parameters
    with 8 completions of 256 tokens on one H200 (README, The engine)."""
    layer_seconds: float = 2.2e-4
    """Time that a decoding step takes a decoder layer beyond reading its weights. Derived from the same measurement:
    1.85 s for 256 tokens of 28 layers."""


MEASURED = Assumptions()
"""The figures above."""
