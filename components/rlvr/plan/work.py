"""Operations of a step and an estimate of its seconds.

Conventions are those of `rlvr.rl.flops`: two operations a parameter and token, attention on top, the backward pass
twice the forward one for trained weights. Seconds follow from a measured share of the GPU's peak
(`rlvr.plan.assumptions`); they are an estimate, good to a factor of two or three, and leave out rewards, judges, data
and communication.
"""

from dataclasses import dataclass

from rlvr.plan.assumptions import Assumptions
from rlvr.plan.batch import PromptSize
from rlvr.plan.cache import token_bytes
from rlvr.plan.gpu import Gpu
from rlvr.plan.parameters import count
from rlvr.plan.shape import Shape


@dataclass(frozen=True, kw_only=True, slots=True)
class Seconds:
    """Estimated seconds of a step of one process."""

    rollout: float = 0.0
    """Drawing completions."""
    update: float = 0.0
    """Reference, policy and optimiser."""

    @property
    def total(self) -> float:
        """Both."""
        return self.rollout + self.update


def forward(shape: Shape, prompt: PromptSize, responses: int, length: float, *, copies: int, look: bool) -> float:
    """Operations of one forward pass over a prompt with `responses` responses of `length` tokens.

    `copies` of the prompt are read (1 when all responses are packed together); `look`: whether its pictures go through
    the tower.
    """
    language, parts = shape.language, count(shape)
    tokens = copies * prompt.tokens + responses * length
    pairs = copies * prompt.tokens**2 + responses * length * (prompt.tokens + length)
    latent = language.latent
    both = latent.nope + latent.rope + latent.value if latent else 2 * language.head
    total = 2.0 * tokens * parts.active_layers + 2.0 * language.layers * language.heads * both * pairs
    total += (
        2.0 * language.hidden * language.vocabulary * (responses * length if shape.packed or copies == 1 else tokens)
    )
    return total + (copies * vision_forward(shape, prompt) if look else 0.0)


def vision_forward(shape: Shape, prompt: PromptSize) -> float:
    """Operations of the tower and the projector on a prompt's pictures."""
    vision, parts = shape.vision, count(shape)
    full = vision.layers if vision.full_layers is None else vision.full_layers
    window = min(prompt.seen, (vision.window // vision.patch) ** 2)
    pairs = prompt.patches * (full * prompt.seen + (vision.layers - full) * window)
    return 2.0 * prompt.patches * (parts.tower + parts.projector / 4) + 4.0 * vision.hidden * pairs


def pass_seconds(operations: float, gpu: Gpu, assumed: Assumptions) -> float:
    """Seconds of operations at the assumed utilisation."""
    return operations / (gpu.teraflops * 1e12 * assumed.utilisation)


def decoding_seconds(
    shape: Shape,
    prompt: PromptSize,
    prompts: int,
    rows: int,
    steps: int,
    gpu: Gpu,
    assumed: Assumptions,
    precision: int,
) -> float:
    """Seconds of `steps` tokens of `rows` completions: weights and keys are read once a step.

    Plain sequences make a step of each completion on its own.
    """
    language, parts = shape.language, count(shape)
    weights = precision * (parts.layers + language.hidden * language.vocabulary)
    if not shape.packed:
        weights = precision * (parts.active_layers + language.hidden * language.vocabulary)
    each = token_bytes(language, precision)
    keys = each * ((prompts if shape.packed else rows) * prompt.tokens + rows * steps / 2)
    overhead = language.layers * assumed.layer_seconds
    reading = (weights * (1 if shape.packed else rows) + keys) / (gpu.bandwidth * 1e12)
    return steps * (overhead * (1 if shape.packed else rows) + reading)
