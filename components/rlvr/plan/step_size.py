"""How large a step of a training stage is: one prompt, the largest micro-batch, and what one process draws."""

import math
from dataclasses import dataclass

from rlvr.plan.assumptions import Assumptions
from rlvr.plan.batch import (
    Generation,
    PromptSize,
    generation,
    group_tokens,
    groups_at_once,
    prompt_size,
    share,
    together,
    update_prompts,
)  # fmt: skip
from rlvr.plan.shape import Shape
from rlvr.training import Dpo, Grpo, Scale, Sft, ShortestSft

DRAWN_AT_ONCE = 16
"""Rows whose completions a process draws together before long2short's fits (`rlvr.long2short.draw.ROWS`)."""

Trained = Sft | Grpo | ShortestSft | Dpo
"""Stages that train on a GPU; merging needs none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepSize:
    """The sizes that memory and time of a step depend on."""

    prompt: PromptSize
    """Each prompt."""
    packed: bool
    """Whether a group's completions share their prompt."""
    size: int
    """Responses a prompt."""
    together: int
    """Of these, how many are learnt from in one micro-batch: fewer where all of them exceed it."""
    length: int
    """Tokens of a response at most."""
    groups: int
    """Prompts of a micro-batch, each with `together` responses."""
    rows: int
    """Prompts of a step, or examples of a batch."""
    mine: int
    """Prompts that the busiest process draws completions for; 0 where none are drawn."""
    new: int
    """Tokens of a completion at most; 0 where none are drawn."""
    cache: int
    """Tokens that are generated at a time at most."""

    @property
    def scored(self) -> int:
        """Log-probs of a micro-batch."""
        return self.groups * self.together * self.length

    @property
    def group(self) -> int:
        """Packed tokens of one prompt with all its responses."""
        return group_tokens(self.prompt.tokens, self.length, self.size, packed=self.packed)

    @property
    def part(self) -> int:
        """Packed tokens of one prompt with the responses that are learnt from together."""
        return group_tokens(self.prompt.tokens, self.length, self.together, packed=self.packed)

    @property
    def tokens(self) -> int:
        """Packed tokens of a micro-batch."""
        return self.groups * self.part

    @property
    def copies(self) -> int:
        """How often a prompt stands in a micro-batch."""
        return 1 if self.packed else self.together

    @property
    def parts(self) -> int:
        """In how many micro-batches the responses of one prompt are learnt from."""
        return math.ceil(self.size / self.together)

    @property
    def reads(self) -> int:
        """How often a prompt is read in an update: once a part, or once a response."""
        return self.parts if self.packed else self.size

    @property
    def keys(self) -> float:
        """Keys that attention reads, as a multiple of the tokens: each response reads its prompt's again."""
        if not self.packed:
            return 1.0
        return (self.prompt.tokens + self.together * (self.prompt.tokens + self.length)) / self.part

    @property
    def drawn(self) -> Generation | None:
        """Batches of generation of one process; None where nothing is drawn."""
        if not self.new:
            return None
        return generation(self.prompt.tokens, self.size, self.new, self.mine, self.cache, packed=self.packed)


def step_size(stage: Trained, shape: Shape, scale: Scale, assumed: Assumptions) -> StepSize:
    """The step of a stage, its micro-batch as full as the scale lets it be."""
    processes = scale.processes * scale.nodes
    new = 0 if isinstance(stage, Sft) else stage.sampling.max_new_tokens
    if isinstance(stage, Grpo):
        prompt = prompt_size(
            shape.vision, assumed, min_pixels=stage.min_pixels, max_pixels=stage.max_pixels,
            max_video_pixels=stage.max_video_pixels, max_tokens=stage.max_prompt_tokens,
        )  # fmt: skip
        length = new + (stage.rethinking.max_new_tokens if stage.rethinking else 0)
        size, rows, updated = stage.group_size, stage.prompts_per_step, update_prompts(stage)
        mine = share(stage.prompts_per_step, processes)
    else:
        prompt = prompt_size(shape.vision, assumed)
        rows = updated = fitted(stage).batch_size
        size = 2 if isinstance(stage, Dpo) else 1
        length = new or assumed.response_tokens
        mine = DRAWN_AT_ONCE if new else 0
    limit, once = scale.micro_batch_tokens, size
    if isinstance(stage, Grpo):  # the two responses of a preference are compared, so they stay together
        once = together(prompt.tokens, length, size, limit, packed=shape.packed)
    part = group_tokens(prompt.tokens, length, once, packed=shape.packed)
    return StepSize(
        prompt=prompt, packed=shape.packed, size=size, together=once, length=length, rows=rows, mine=mine, new=new,
        groups=groups_at_once(part, share(updated, processes), limit), cache=scale.cache_tokens,
    )  # fmt: skip


def fitted(stage: Sft | ShortestSft | Dpo) -> Sft | Dpo:
    """The stage whose batches are learnt."""
    return stage.fit if isinstance(stage, ShortestSft) else stage


def learner(stage: Trained) -> Sft | Grpo | Dpo:
    """The stage that says what is trained."""
    return stage.fit if isinstance(stage, ShortestSft) else stage


def holds_reference(stage: Trained) -> bool:
    """Whether a second model stands beside the policy; DPO takes its reference's log-probs before it trains."""
    if not isinstance(stage, Grpo) or not stage.loss.kl_weight or stage.loss.reference == "current":
        return False
    return stage.lora is None or stage.loss.reference != "frozen"
