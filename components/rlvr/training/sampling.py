"""How completions are drawn."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampling:
    """How completions are drawn."""

    temperature: float = 1.0
    """Softmax temperature; 0 takes the most probable token."""
    top_p: float = 1.0
    """Nucleus mass; 1 switches it off."""
    top_k: int = 0
    """Number of most probable tokens kept; 0 switches it off."""
    min_p: float = 0.0
    """Tokens less probable than this share of the most probable one are dropped; 0 switches it off."""
    stop_tokens: tuple[str, ...] = ()
    """Tokens of the vocabulary that end a completion, besides the model's own end tokens."""
    max_new_tokens: int = 512
    """Tokens after which a completion is cut (it then counts as truncated)."""
