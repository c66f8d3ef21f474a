"""Activations that a pass over tokens leaves for its backward pass, and what it needs for a moment.

Counted from the operations of transformers' modules as the engine calls them: what autograd saves of each (a linear
layer its input, a normalisation its float32 input and its result twice, SiLU its input, a product both factors,
attention queries, keys, values and its result). Log-probs are taken in chunks, so logits never stand in memory at once;
models that run as plain sequences keep theirs.
"""

from dataclasses import dataclass

from rlvr.plan.parameters import adapted
from rlvr.plan.shape import Language, Vision
from rlvr.training import Lora

CHUNK = 1024
"""Tokens whose logits exist at one time (`rlvr.rl.logprobs.CHUNK`)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """Bytes of one token or patch."""

    layers: float
    """In all layers together, for the backward pass."""
    inputs: float
    """In all layers together where only their inputs are kept and the rest is computed again."""
    one_layer: float
    """In one layer."""
    passing: float
    """For a moment, in one layer of a forward pass."""


def language_tokens(language: Language, precision: int, *, keys: float = 1.0, lora: Lora | None = None) -> Kept:
    """Of one token in the decoder; `keys`: keys that attention reads, as a multiple of the tokens."""
    experts, hidden = language.experts, float(precision * language.hidden)
    each = 2 * norm(language.hidden, precision) + _attention(language, precision, keys)
    each += float(precision * lora.rank * len(adapted(language, lora))) if lora else 0.0
    dense = 4.0 * precision * language.intermediate
    wide = language.intermediate
    layers = language.layers * (each + dense)
    largest = each + dense
    if experts:
        used = experts.chosen + experts.shared
        mixed = used * 4.0 * precision * experts.intermediate + experts.chosen * 2 * hidden + 16.0 * experts.routed
        layers = experts.dense_layers * (each + dense) + (language.layers - experts.dense_layers) * (each + mixed)
        largest = each + max(dense, mixed)
        wide = max(wide, used * experts.intermediate)
    passing = 2 * hidden + max(12.0 * language.hidden, 3.0 * precision * wide)
    return Kept(layers=layers, inputs=language.layers * hidden, one_layer=largest, passing=passing)


def vision_patches(vision: Vision, precision: int) -> Kept:
    """Of one patch in the tower."""
    hidden, wide = precision * vision.hidden, precision * vision.intermediate
    norms = 2 * (norm(vision.hidden, precision) if vision.norm == "rms" else 2 * hidden)
    attend = hidden * (7.0 if vision.tile is None else 5.0)  # the values share storage with queries and keys
    attend += 2 * norm(vision.hidden, precision) if vision.head_norm else 0.0
    each = norms + attend + (4 * wide if vision.gated else 2 * wide) + (2 * hidden if vision.layer_scale else 0.0)
    passing = 2 * hidden + max(3 * hidden + 20.0 * vision.hidden, (3.0 if vision.gated else 2.0) * wide)
    return Kept(layers=vision.layers * each, inputs=vision.layers * hidden, one_layer=each, passing=passing)


def projected(vision: Vision, language: Language, precision: int) -> float:
    """Of one picture token between tower and decoder: four patches normalised, widened and projected."""
    wide = 4 * vision.hidden
    inner = language.hidden if vision.projector == "token_norm" else wide
    return precision * (2 * wide + 2 * inner + language.hidden)


def pixels(vision: Vision, precision: int) -> float:
    """Of one patch before the tower: its pixels and its embedding."""
    return precision * (3.0 * vision.frames * vision.patch**2 + vision.hidden)


def embedded(language: Language, precision: int) -> float:
    """Of one token before the first layer: its embedding, and the stream with the pictures put in."""
    return 2.0 * precision * language.hidden


def head(language: Language, tokens: int, scored: int, precision: int) -> float:
    """After the last layer: the last normalisation, the states that are scored, and a chunk of logits."""
    states = tokens * norm(language.hidden, precision) + 2.0 * precision * scored * language.hidden
    return states + logprob_chunk(language, scored, precision)


def norm(width: int, precision: int) -> float:
    """What RMSNorm saves of one token: float32 input, normalised, and the result that the next layer saves."""
    return width * (4.0 + 2 * precision)


def logprob_chunk(language: Language, tokens: int, precision: int) -> float:
    """Logits of a chunk in two precisions and their exponentials, and the head's gradient in passing."""
    rows = min(tokens, CHUNK)
    return rows * language.vocabulary * (precision + 8.0) + precision * language.vocabulary * language.hidden


def whole_logits(language: Language, tokens: int, scored: int, precision: int) -> float:
    """What plain sequences keep: logits of every token, and two float32 copies of those that are scored."""
    return language.vocabulary * (float(precision) * tokens + 8.0 * scored)


def _attention(language: Language, precision: int, keys: float) -> float:
    heads, extra = language.heads, 4.0 * language.heads
    if latent := language.latent:
        wide, both = latent.nope + latent.rope, latent.nope + latent.value
        queries = heads * wide
        read = keys * heads * 2 * wide + heads * both  # values are padded to the width of keys
        compressed = norm(latent.kv_rank, precision) + precision * (latent.kv_rank + latent.rope)
        compressed += norm(latent.q_rank, precision) if latent.q_rank else 0.0
        return precision * (queries + read + heads * latent.value) + compressed + extra
    return precision * language.head * (2 * heads + keys * 2 * language.kv_heads) + extra
