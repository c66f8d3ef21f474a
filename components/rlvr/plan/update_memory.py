"""Memory of a micro-batch's forward and backward pass."""

from rlvr.plan.activations import (
    embedded,
    head,
    language_tokens,
    pixels,
    projected,
    vision_patches,
    whole_logits,
)  # fmt: skip
from rlvr.plan.shape import Shape
from rlvr.plan.stage_plan import Item
from rlvr.plan.step_size import StepSize
from rlvr.training import Lora


def activations(
    shape: Shape, step: StepSize, precision: int, *, again: bool, frozen: bool, lora: Lora | None
) -> tuple[Item, ...]:
    """Of one micro-batch; `again`: layers keep their inputs alone (checkpointing); `frozen`: the tower is."""
    language, tokens = shape.language, step.tokens
    patches = step.groups * step.copies * step.prompt.patches
    each = language_tokens(language, precision, keys=step.keys, lora=lora)
    seen = vision_patches(shape.vision, precision)
    decoder = tokens * ((each.inputs if again else each.layers) + embedded(language, precision))
    tower = 0.0 if frozen else patches * ((seen.inputs if again else seen.layers) + pixels(shape.vision, precision))
    tower += patches / 4 * projected(shape.vision, language, precision)
    passing = {
        "a layer of the decoder": tokens * (each.one_layer if again else each.passing),
        "a block of the tower": patches * (seen.one_layer if again and not frozen else seen.passing),
        "the last states and 1,024 tokens' logits": head(language, tokens, step.scored, precision),
    }
    most = max(passing, key=lambda name: passing[name])
    logits = 0.0 if shape.packed else whole_logits(language, tokens, step.scored, precision)
    how = "inputs of layers; the rest is computed again" if again else "all that the backward pass reads"
    return (
        Item(label="activations, language", bytes=decoder, how=f"{tokens:,} tokens: {how}"),
        Item(
            label="activations, vision",
            bytes=tower,
            how=f"{patches:,} patches: {'the tower is frozen, its results are kept' if frozen else how}",
        ),
        Item(label="logits", bytes=logits, how="of all tokens, for this model runs as plain sequences"),
        Item(label="in passing", bytes=passing[most], how=f"{most}, and gradients on their way"),
    )
