"""What adapters are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Inputs = dict[str, Any]
Adapter = Callable[[Inputs], Any]


@dataclass(frozen=True)
class Text:
    """A result that has a text; `score` is None where the upstream function returns the text alone."""

    text: str | None
    score: float | None = None


def reward(function: Callable[..., list[float | None]], *columns: str) -> Adapter:
    """A reward whose columns are the row's inputs of the same names."""
    return lambda inputs: function([inputs["completion"]], **{name: [inputs[name]] for name in columns})[0]
