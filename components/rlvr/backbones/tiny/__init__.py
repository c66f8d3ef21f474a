"""Tiny vision-language models of published architectures, built offline: random weights, own tokenizer, real classes.

The model, processor and media tokens are transformers' own for the architecture, so everything that works on a tiny
backbone works on the published checkpoint. The tokenizer is a lossless byte-level BPE trained on the texts given, and
the chat format is ChatML in every family.
"""

from collections.abc import Iterable
from typing import Any

from rlvr.backbones.backbone import Architecture, Tiny
from rlvr.backbones.checkpoint import quiet_transformers
from rlvr.backbones.tiny import internvl, kimi, qwen
from rlvr.backbones.tiny.tokenizer import train_tokenizer

FAMILIES: dict[Architecture, Any] = {
    "qwen2_vl": qwen,
    "qwen2_5_vl": qwen,
    "qwen3_vl": qwen,
    "internvl": internvl,
    "kimi_k25": kimi,
}
"""The module of each architecture; it has `SPECIAL_TOKENS`, `TOKEN_ROLES`, `configuration` and `processor`."""


def build(architecture: Architecture, tiny: Tiny, texts: Iterable[str]) -> tuple[Any, Any]:
    """A model with weights drawn from `tiny.seed` and its processor, whose tokenizer is trained on `texts`."""
    import torch

    transformers = quiet_transformers()
    family = FAMILIES[architecture]
    tokenizer = train_tokenizer(texts, family.SPECIAL_TOKENS, family.TOKEN_ROLES)
    torch.manual_seed(tiny.seed)
    model = transformers.AutoModelForImageTextToText.from_config(family.configuration(architecture, tiny, tokenizer))
    model.generation_config = transformers.GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    return model.eval(), family.processor(architecture, tiny, tokenizer)
