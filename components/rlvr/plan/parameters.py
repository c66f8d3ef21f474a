"""Numbers of parameters of a backbone by part, from its shape; equal to those of transformers' own modules."""

from dataclasses import dataclass
from functools import cache

from rlvr.plan.shape import Language, Shape, Vision
from rlvr.training import Lora


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameters:
    """Parameters of a model by part."""

    embedding: int
    """Token embedding."""
    layers: int
    """Decoder layers with the final normalisation."""
    active_layers: int
    """Those of them that one token goes through: the experts it is not sent to are left out."""
    head: int
    """Output head; 0 where it is the embedding."""
    tower: int
    """Vision tower."""
    projector: int
    """From the tower into the decoder."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.embedding + self.layers + self.head + self.tower + self.projector


@cache
def count(shape: Shape) -> Parameters:
    """The parameters of a shape."""
    language = shape.language
    embedding = language.vocabulary * language.hidden
    return Parameters(
        embedding=embedding,
        layers=_decoder(language, active=False),
        active_layers=_decoder(language, active=True),
        head=0 if language.tied else embedding,
        tower=_tower(shape.vision),
        projector=_projector(shape.vision, language.hidden),
    )


def trained(shape: Shape, *, freeze_vision: bool, lora: Lora | None) -> int:
    """How many parameters a stage trains; Qwen-VL's tower holds its projector, so both freeze together there."""
    if lora:
        return adapters(shape.language, lora)
    parts = count(shape)
    frozen = 0
    if freeze_vision:
        frozen = parts.tower + (parts.projector if projector_in_tower(shape.vision) else 0)
    return parts.total - frozen


def projector_in_tower(vision: Vision) -> bool:
    """Whether freezing the tower freezes the projector, too (see `rlvr.rl.trainable.TOWERS`): in Qwen-VL it does."""
    return vision.projector == "patch_norm" and not vision.positions


def adapters(language: Language, lora: Lora) -> int:
    """Parameters of low-rank adapters on the decoder's layers."""
    sizes = adapted(language, lora)
    return language.layers * sum(lora.rank * (inside + outside) for inside, outside in sizes)


def adapted(language: Language, lora: Lora) -> list[tuple[int, int]]:
    """Inputs and outputs of each linear layer of a decoder layer that gets an adapter."""
    hidden, wide = language.hidden, language.intermediate
    queries, keys = language.heads * language.head, language.kv_heads * language.head
    sizes = {
        "q_proj": (hidden, queries),
        "k_proj": (hidden, keys),
        "v_proj": (hidden, keys),
        "o_proj": (queries, hidden),
        "gate_proj": (hidden, wide),
        "up_proj": (hidden, wide),
        "down_proj": (wide, hidden),
    }
    if language.latent:
        del sizes["k_proj"], sizes["v_proj"]
        sizes["o_proj"] = (language.heads * language.latent.value, hidden)
    return [sizes[target] for target in lora.targets if target in sizes]


def attention(language: Language) -> int:
    """Attention of one decoder layer."""
    hidden, heads = language.hidden, language.heads
    if latent := language.latent:
        wide = heads * (latent.nope + latent.rope)
        queries = hidden * latent.q_rank + latent.q_rank + latent.q_rank * wide if latent.q_rank else hidden * wide
        keys = hidden * (latent.kv_rank + latent.rope) + latent.kv_rank
        keys += latent.kv_rank * heads * (latent.nope + latent.value)
        return queries + keys + heads * latent.value * hidden
    queries, keys = heads * language.head, language.kv_heads * language.head
    return hidden * (2 * queries + 2 * keys) + (queries + 2 * keys if language.bias else 0)


def _decoder(language: Language, *, active: bool) -> int:
    hidden, experts = language.hidden, language.experts
    each = attention(language) + 2 * hidden
    dense = language.layers if experts is None else experts.dense_layers
    total = language.layers * each + dense * 3 * hidden * language.intermediate + hidden
    if experts:
        used = (experts.chosen if active else experts.routed) + experts.shared
        router = experts.routed * hidden + experts.routed  # with the bias that balances the experts
        total += (language.layers - dense) * (used * 3 * hidden * experts.intermediate + router)
    return total


def _tower(vision: Vision) -> int:
    hidden, wide = vision.hidden, vision.intermediate
    norm = 2 * hidden if vision.norm == "layer" else hidden
    attend = 4 * hidden * hidden + hidden + (3 * hidden if vision.attention_bias else 0)
    feed = 3 * hidden * wide + 2 * wide + hidden if vision.gated else 2 * hidden * wide + wide + hidden
    block = 2 * norm + attend + feed + (2 * hidden if vision.layer_scale else 0) + (2 * hidden * vision.head_norm)
    patches = 3 * vision.frames * vision.patch**2 * hidden + (hidden if vision.patch_bias else 0)
    positions = vision.positions * hidden + (hidden if vision.tile else 0)  # tiles have a class token
    return patches + positions + vision.layers * block + (norm if vision.final_norm else 0)


def _projector(vision: Vision, hidden: int) -> int:
    wide = 4 * vision.hidden  # 2 x 2 patches make one token
    if vision.projector == "token_norm":
        return 2 * wide + wide * hidden + hidden + hidden * hidden + hidden
    norm = vision.hidden if vision.norm == "rms" else 2 * vision.hidden
    return norm + wide * wide + wide + wide * hidden + hidden
