"""A benchmark: source, prompt, generation settings, two answer rules and the published numbers."""

from collections.abc import Callable
from dataclasses import dataclass

from rlvr.data.source import Source
from rlvr.prompts import Prompt
from rlvr.training import Sampling

Scorer = Callable[..., list[float | None]]
"""`f(completions, **columns)`: one score in [0, 1] a completion, None where no answer could be read (counted as 0)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """A number from a publication."""

    model: str
    """Model and role, e.g. `Qwen2-VL-2B`."""
    role: str
    """`base`, `sft` or `tuned`."""
    score_percent: float
    """Score as printed, in per cent."""
    rows: int | None
    """Number of items scored; None when not stated."""
    source: str
    """Where it is printed."""
    judged: bool = False
    """Whether a language model took part in the scoring."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Benchmark:
    """One evaluation set with everything needed to score a model on it."""

    name: str
    """Identifier, e.g. `superclevr_200`."""
    title: str
    """Name as people know it."""
    source: Source
    """Where the rows come from."""
    prompt: Prompt
    """How the question is asked."""
    sampling: Sampling
    """Generation settings."""
    frames_per_second: float = 1.0
    """Frames a second taken from videos."""
    max_frames: int = 32
    """Frames taken from a video at most."""
    max_video_pixels: int | None = None
    """Frames of a video are shrunk until their areas together are at most this; None sets no limit."""
    published_rule: Scorer
    """The publication's own scoring rule."""
    strict_rule: Scorer
    """Our rule: only the answer span counts."""
    published: tuple[Published, ...] = ()
    """Printed numbers to compare with."""
    version: int = 1
    """Raised whenever a change here would move scores."""
