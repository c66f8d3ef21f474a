"""What an audit found not to hold."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["failure", "warning"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something that does not hold."""

    kind: str
    """Short name: `statement missing`, `signature`, `bytes`, ..."""
    what: str
    """What it is about: a statement's number, an artifact's digest."""
    message: str
    """What was found, and what that means."""
    severity: Severity = "failure"
    """Failures end in exit code 1."""
