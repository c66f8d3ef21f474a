"""A method: one frozen value that says everything a pipeline needs to reproduce a published training run.

A method is written in Python (a typo is a type error, a reward is the function itself), resolved to canonical JSON for
pipeline parameters and provenance, and never edited: a profile or the user's overrides make a new value by
`dataclasses.replace`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rlvr.backbones.backbone import Backbone
from rlvr.benchmarks.benchmark import Benchmark
from rlvr.canonical import load, plain
from rlvr.data.rows import Row
from rlvr.data.source import Source
from rlvr.errors import RlvrError
from rlvr.prompts import Prompt
from rlvr.training import Merge, TrainingStage

RewardFunction = Callable[..., list[float | None]]
"""`f(completions, **columns)`: one score a completion, None where the reward does not apply. Columns are lists of the
same length: every column of `rlvr.data.rows.SCHEMA` except media and response, the keys of the rows' `extra`,
`truncated` (bool: cut before an end token) and, in training, `tokens` (int: length of the completion).
A reward with a `Judge` also receives it as the keyword `judge`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judge:
    """A language model that scores completions, behind an OpenAI-compatible endpoint (`rlvr.rewards.judge`: the
    environment variables RLVR_JUDGE_URL, RLVR_JUDGE_KEY and RLVR_JUDGE_CACHE say where).
    """

    model: str
    """Model name sent to the endpoint; recorded in provenance."""
    temperature: float = 0.0
    """Softmax temperature of its answers."""
    max_tokens: int = 1024
    """Length at which the endpoint cuts an answer."""
    timeout_seconds: float = 60.0
    """Time allowed for one attempt."""
    attempts: int = 4
    """Tries before a verdict counts as not applicable."""
    concurrency: int = 16
    """Questions asked at a time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reward:
    """One component of a task's reward; components are summed with their weights."""

    function: RewardFunction
    """The reward itself."""
    weight: float = 1.0
    """Factor in the sum."""
    with_prefill: bool = False
    """Whether the function reads the prompt's prefill in front of the completion, as upstream's does."""
    code: str = ""
    """SHA-256 of the file that holds a function of one's own, hexadecimal; empty for functions of the package, whose
    code every stage records anyway. A changed file makes stages run again."""
    judge: Judge | None = None
    """Settings of the judge that the function asks; None for rule-based rewards."""

    @property
    def name(self) -> str:
        """Module and function without the package, e.g. `digits.correctness`."""
        return f"{self.function.__module__.removeprefix('rlvr.rewards.')}.{self.function.__name__}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """A data source with its prompt and rewards; a method may train on several."""

    name: str
    """Label, unique in its method; every row carries it."""
    source: Source
    """Where the rows come from."""
    prompt: Prompt
    """How the question is asked."""
    rewards: tuple[Reward, ...]
    """Reward components, summed."""
    revise: Callable[[Row, str], Row] | None = None
    """`revise(row, completion)` is the row that the next turn answers; stages with `refinement` ask it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Departure:
    """Where upstream is broken, exploitable or silent, and what is done here."""

    name: str
    """Short identifier, e.g. `mixed_digit_batch`; conformance tests count rows that differ by it."""
    text: str
    """What upstream does, what is done here and why; one sentence or two."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """A published method, or a variant of one."""

    name: str
    """Identifier, e.g. `r1_v`; variants are `r1_v/geometry`."""
    title: str
    """Name as people know it."""
    summary: str
    """One or two sentences: what is trained on what, and what the publication claims."""
    paper: str
    """Publication (arXiv id or blog address)."""
    code: str
    """Upstream repository and commit that this file follows."""
    licence: str
    """Licence of the upstream code."""
    backbone: Backbone
    """The model that training starts from."""
    tasks: tuple[Task, ...]
    """What it trains on."""
    stages: tuple[TrainingStage, ...]
    """Training stages in order; each starts from the model of the one before."""
    benchmarks: tuple[Benchmark, ...]
    """What base and tuned model are compared on; the first is the primary one."""
    departures: tuple[Departure, ...] = ()
    """Departures from upstream, numbered by their order."""

    def __post_init__(self) -> None:
        for what, names in (
            ("tasks", [task.name for task in self.tasks]),
            ("stages", [stage.name for stage in self.stages]),
            ("benchmarks", [benchmark.name for benchmark in self.benchmarks]),
            ("departures", [departure.name for departure in self.departures] or [""]),
        ):
            if not names or len(set(names)) != len(names):
                raise RlvrError(f"Method {self.name}: {what} must be named, at least one and each once; got {names}.")
        known = {task.name for task in self.tasks}
        for stage in self.stages:
            if unknown := set(stage.tasks) - known:
                raise RlvrError(f"Method {self.name}: stage {stage.name} names unknown tasks {sorted(unknown)}.")
        earlier = ["base"]
        for stage in self.stages:
            if isinstance(stage, Merge) and stage.other not in earlier:
                raise RlvrError(
                    f"Method {self.name}: stage {stage.name} merges with {stage.other!r}, which is neither the base "
                    f"nor a stage before it; name one of {', '.join(earlier)}."
                )
            earlier.append(stage.name)

    def to_json(self) -> Any:
        """The method as JSON types; functions stand as `module:name`."""
        return plain(self)

    @classmethod
    def from_json(cls, data: Any) -> "Method":
        """The inverse of `to_json`; unknown fields raise `RlvrError`."""
        return load(cls, data)

    def task(self, name: str) -> Task:
        """The task of that name."""
        return next(task for task in self.tasks if task.name == name)
