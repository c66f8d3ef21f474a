"""Shapes of the tiny backbones, read from the configurations that transformers built them with."""

from rlvr.plan.shape import Experts, Language, LatentAttention, Shape, Vision


def shape_of_model(model):
    """The shape of a tiny model of any family that the plan knows."""
    config = model.config
    text, kind = config.get_text_config(), config.model_type
    latent = experts = None
    head = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    if kind == "kimi_k25":
        latent = LatentAttention(
            kv_rank=text.kv_lora_rank, q_rank=text.q_lora_rank or 0, nope=text.qk_nope_head_dim,
            rope=text.qk_rope_head_dim, value=text.v_head_dim,
        )  # fmt: skip
        experts = Experts(
            routed=text.n_routed_experts, chosen=text.num_experts_per_tok, shared=text.n_shared_experts,
            intermediate=text.moe_intermediate_size, dense_layers=text.first_k_dense_replace,
        )  # fmt: skip
        head = text.qk_nope_head_dim + text.qk_rope_head_dim
    language = Language(
        hidden=text.hidden_size, layers=text.num_hidden_layers, heads=text.num_attention_heads,
        kv_heads=text.num_key_value_heads, head=head, intermediate=text.intermediate_size,
        vocabulary=text.vocab_size, bias=kind != "kimi_k25", latent=latent, experts=experts,
    )  # fmt: skip
    parameters = sum(weight.numel() for weight in model.parameters())
    return Shape(
        hub_ids=(kind,), parameters=parameters, source="built here", language=language, vision=_vision(config, kind)
    )


def _vision(config, kind):
    vision = config.vision_config
    if kind == "qwen2_vl":
        return Vision(
            hidden=vision.embed_dim, layers=vision.depth, heads=vision.num_heads,
            intermediate=int(vision.embed_dim * vision.mlp_ratio), frames=2, patch_bias=False,
        )  # fmt: skip
    if kind == "qwen2_5_vl":
        return Vision(
            hidden=vision.hidden_size, layers=vision.depth, heads=vision.num_heads,
            intermediate=vision.intermediate_size, gated=True, norm="rms", frames=2, patch_bias=False, full_layers=1,
        )  # fmt: skip
    common = {
        "hidden": vision.hidden_size,
        "layers": vision.num_hidden_layers,
        "heads": vision.num_attention_heads,
        "intermediate": vision.intermediate_size,
    }
    if kind == "internvl":
        side = vision.image_size[0] // vision.patch_size[0]
        return Vision(
            **common, positions=side**2 + 1, layer_scale=True, tile=vision.image_size[0], projector="token_norm",
            attention_bias=vision.attention_bias,
        )  # fmt: skip
    positions = vision.pos_emb_height * vision.pos_emb_width
    return Vision(**common, positions=positions, final_norm=True)
