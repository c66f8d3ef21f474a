"""Memory of drawing completions: keys and values, the pass over the prompts, and logits of the next tokens."""

from rlvr.plan.activations import language_tokens, pixels, projected, vision_patches
from rlvr.plan.batch import Generation, PromptSize
from rlvr.plan.shape import Language, Shape

KEPT_ROWS = 0.75
"""Finished completions leave when this share is still unfinished; meanwhile their keys exist twice."""
BLOCK = 64
"""Tokens by which the buffers of a completion grow (`rlvr.rl.decoding.BLOCK`)."""
CHOICE = 30.0
"""Bytes a logit while tokens are chosen: logits in two precisions, probabilities, float64 sums, order for top-p."""


def token_bytes(language: Language, precision: int) -> float:
    """Keys and values of one token in all layers."""
    if latent := language.latent:  # the engine keeps them decompressed
        return float(precision * language.layers * language.heads * (latent.nope + latent.rope + latent.value))
    return float(2 * precision * language.layers * language.kv_heads * language.head)


def keys_and_values(shape: Shape, batch: Generation, prompt: int, new: int, precision: int) -> float:
    """Of a batch at its fullest: prompts once, each completion its own, and copies of those that stay."""
    each = token_bytes(shape.language, precision)
    if not shape.packed:
        return each * batch.rows * (prompt + new)
    room = -(-new // BLOCK) * BLOCK
    return each * (batch.prompts * prompt + (1 + KEPT_ROWS) * batch.rows * room)


def reading(shape: Shape, prompt: PromptSize, prompts: int, precision: int) -> float:
    """Of one pass over the prompts of a batch without gradients: decoder or tower, whichever needs more.

    Plain sequences are read one by one.
    """
    count = prompts if shape.packed else 1
    tokens, patches = count * prompt.tokens, count * prompt.patches
    language = language_tokens(shape.language, precision)
    decoder = tokens * (language.passing + precision * shape.language.hidden + token_bytes(shape.language, precision))
    tower = patches * (vision_patches(shape.vision, precision).passing + pixels(shape.vision, precision))
    tower += patches / 4 * projected(shape.vision, shape.language, precision)
    if not shape.packed:
        decoder += precision * tokens * shape.language.vocabulary
    return max(decoder, tower)


def choosing(language: Language, rows: int) -> float:
    """Of choosing the next token of `rows` completions."""
    return CHOICE * rows * language.vocabulary
