"""A benchmark: source, prompt, generation settings, two answer rules and the published numbers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from rlvr.data.source import Source
from rlvr.errors import RlvrError
from rlvr.prompts import Prompt
from rlvr.scoring.judge_rule import JudgeRule
from rlvr.scoring.picture import Picture
from rlvr.training import Sampling

Scorer = Callable[..., list[float | None]]
"""`f(completions, **columns)`: one score in [0, 1] a completion, None where no answer could be read (counted as 0)."""

VIDEO = "video_digest"
"""A column that is made of each row's video: what `cluster_by` names where rows about one video are a cluster."""

BoxReader = Callable[..., list[Picture]]
"""`f(completions, **columns)`: the boxes that each completion gives, beside the true ones, for average precision over
all pictures together."""


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
    recall_at: float | None = None
    """Overlap from which on a row counted as found, where the number is R@overlap and not the benchmark's score."""
    split: str | None = None
    """What was scored there where it is not the benchmark's own rows, e.g. `test instead of testmini`."""


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
    published_boxes: BoxReader | None = None
    """Boxes as the publication reads them: the benchmark's number is then COCO's average precision over all pictures,
    and the rules' scores only tell right rows from wrong ones. Both readers are given, or none."""
    strict_boxes: BoxReader | None = None
    """The same for our rule."""
    judge_rule: JudgeRule | None = None
    """How a judge scores replies where the publication has one; None asks it whether they agree with `answer`."""
    macro_by: str | None = None
    """Column whose values' mean scores are averaged (macro mean); None averages over rows. With boxes, the
    parts' average precisions are averaged, and parts named `group/part` within their groups first."""
    cluster_by: str | None = None
    """Column of what several rows share (a problem, a video): such rows are not independent, which intervals heed."""
    recall_at: tuple[float, ...] = ()
    """Scores from which on a row counts as found; each gives a further number, such as R@0.5."""
    samples: int = 1
    """Completions a row; more than one also gives pass@k and the spread over samples."""
    published: tuple[Published, ...] = ()
    """Printed numbers to compare with."""
    version: int = 1
    """Raised whenever a change here would move scores."""

    def __post_init__(self) -> None:
        if (self.published_boxes is None) != (self.strict_boxes is None):
            raise RlvrError(f"Benchmark {self.name}: give published_boxes and strict_boxes, or neither.")
        if self.samples < 1 or not all(0 < level <= 1 for level in self.recall_at):
            raise RlvrError(f"Benchmark {self.name}: samples must be at least 1 and recall_at in (0, 1].")
        if unknown := {one.recall_at for one in self.published} - {None, *self.recall_at}:
            raise RlvrError(f"Benchmark {self.name}: published has R@{unknown.pop()}; add it to recall_at.")

    @property
    def aggregate(self) -> str:
        """How rows become one number, one of `rlvr.scoring.design.AGGREGATES`."""
        if self.published_boxes is not None:
            return "average_precision" if self.macro_by is None else "grouped_average_precision"
        return "mean" if self.macro_by is None else "macro_mean"


def untuned(benchmarks: Iterable[Benchmark]) -> tuple[Benchmark, ...]:
    """The benchmarks without figures of tuned models, for a variant that is not what was published."""
    return tuple(
        replace(one, published=tuple(printed for printed in one.published if printed.role != "tuned"))
        for one in benchmarks
    )
