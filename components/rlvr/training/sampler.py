"""Which rows a step trains on, and what becomes of their completions before the update."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Uniform:
    """Every row once an epoch, in an order drawn from the seed and the epoch."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Curriculum:
    """Easy rows before hard ones."""

    by: Literal["label", "pass_rate"] = "label"
    """The number in the rows' `extra` column `difficulty`, or 1 - the start model's measured pass rate."""
    samples: int = 10
    """Completions a row with which the pass rate is measured."""
    temperature: float = 1.0
    """Temperature at which the pass rate is measured."""
    warmup_steps: int = 0
    """Steps drawn uniformly from all rows first; afterwards only `hardest` are drawn (Kimi k1.5 Fig. 9). 0 instead
    goes through the rows once an epoch in order of difficulty."""
    hardest: float = 0.5
    """Share of rows that count as hard."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prioritised:
    """Rows drawn with probability proportional to 1 - their success rate so far (Kimi k1.5 §2.3.4)."""

    initial: float = 0.5
    """Success rate assumed of a row that has not been tried."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VarianceAware:
    """Variance-aware sampling (MMR1, arXiv 2509.21268): part of a step by promotion score, the rest uniformly."""

    mixture: float = 0.5
    """Share of a step that is drawn by score."""
    every: int = 28
    """Steps between measurements of the scores of all rows."""
    samples: int = 8
    """Completions a row in a measurement."""
    learnability: float = 0.8
    """Weight of the outcome variance p (1 - p)."""
    diversity: float = 0.2
    """Weight of the trajectory diversity."""
    momentum: float = 0.0
    """Share of the old score in the new one."""
    diversity_sign: Literal["paper", "code"] = "paper"
    """`paper`: 1 - self-BLEU; `code`: self-BLEU itself, which rewards likeness (as the published code does)."""


Sampler = Uniform | Curriculum | Prioritised | VarianceAware
"""What may stand in `Grpo.sampler`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OnlineFilter:
    """Groups whose accuracy lies outside a range are replaced by further groups (MM-Eureka, DAPO)."""

    lowest: float = 0.1
    """Lowest mean accuracy of a kept group."""
    highest: float = 0.9
    """Highest mean accuracy of a kept group."""
    attempts: int = 8
    """Rollouts a step at most; a step that is still short then trains on what there is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """Selective sample replay (VL-Rethinker, arXiv 2504.08837 §3.1)."""

    form: Literal["paper", "code"] = "paper"
    """`paper`: all rows of the update drawn from the buffer with p ~ |A|^alpha, the buffer cleared at a `clear_every`
    boundary; `code`: the current non-zero rows refilled from the kept ones (openrlhf replay_buffer.py @ 4afedcd)."""
    alpha: float = 1.0
    """Exponent of |A|."""
    clear_every: int = 1
    """Steps after which the paper's buffer is cleared."""
    easy_fraction: float = 0.1
    """Share of all-correct samples admitted to the code form's pool."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rethinking:
    """Forced rethinking (VL-Rethinker §3.2): some responses are continued after a trigger; correct ones are kept."""

    fraction: float = 0.5
    """Share of the finished responses that are continued."""
    triggers: tuple[str, ...] = (
        "\n\nWait, is that right? ",
        "\n\nWait, let me check this again. ",
        "\n\nWait, there may be a mistake above. ",
        "\n\nWait. ",
    )
    """Texts with which a continuation begins."""
    per_group: int = 2
    """Continuations kept a prompt at most."""
    max_new_tokens: int = 1024
    """Length of a continuation after its trigger."""
    temperature: float = 0.9
    """Temperature of the continuation."""
    cut_back: float = 0.5
    """Probability that the response is first cut back to before its last paragraph."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refinement:
    """Several turns: the task's `revise` makes the next turn's row of each completion (MetaSpatial)."""

    turns: int = 3
    """Completions of a path, one after the other."""
    discount: float = 0.9
    """The path's return weighs turn i by discount^i."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PartialRollouts:
    """A fixed token budget a step; unfinished completions go on in the next one (Kimi k1.5 §2.6.2)."""

    tokens_per_step: int
    """New tokens a completion may get in one step."""
    train_earlier: bool = False
    """Whether tokens sampled by earlier policies stay in the loss."""
