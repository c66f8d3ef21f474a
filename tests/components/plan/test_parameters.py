"""Parameters: counted from shapes, against published totals and against transformers' own modules."""

import pytest
from tiny_shapes import shape_of_model

from rlvr.backbones.backbone import Tiny
from rlvr.backbones.tiny import build
from rlvr.errors import RlvrError
from rlvr.plan.parameters import count, trained
from rlvr.plan.shape import shape_of, shapes
from rlvr.rl.lora import add_adapters
from rlvr.rl.trainable import is_vision, train_weights
from rlvr.training import Lora
from rlvr_pipelines.methods import METHODS

FAMILIES = ("qwen2_vl", "qwen2_5_vl", "internvl", "kimi_k25")
TEXTS = ["How many items are there? <think> 1 2 3 </think> <answer> 3 </answer>"] * 4
TINY = Tiny(hidden_size=64, layers=3, vision_size=32)


def tiny(family):
    return build(family, TINY, TEXTS)[0]


@pytest.mark.parametrize("hub_id", sorted(shapes()))
def test_shapes_have_the_published_number_of_parameters(hub_id):
    shape = shape_of(hub_id)
    if shape.exact:
        assert count(shape).total == shape.parameters
    else:  # published to three digits
        assert float(f"{count(shape).total:.2e}") == pytest.approx(shape.parameters, rel=2e-3)


def test_kimi_activates_what_its_report_says():
    parts = count(shape_of("moonshotai/Kimi-VL-A3B-Instruct"))
    assert (parts.active_layers + parts.head) / 1e9 == pytest.approx(
        2.6, abs=0.2
    )  # 2.9 with the embedding; the report says 2.8
    assert parts.tower / 1e6 == pytest.approx(413, rel=0.02)  # MoonViT-SO-400M


def test_every_method_has_its_backbone_here():
    assert {method.backbone.hub_id for method in METHODS.values()} <= set(shapes())


def test_an_unknown_backbone_is_named():
    with pytest.raises(RlvrError, match=r"nobody/nothing.*backbones\.toml"):
        shape_of("nobody/nothing")


@pytest.mark.parametrize("family", FAMILIES)
def test_counts_equal_those_of_the_modules(family):
    model = tiny(family)
    parts = count(shape_of_model(model))
    weights = dict(model.named_parameters())
    # the bias that balances experts is a buffer in transformers and a weight in the checkpoint
    biases = sum(value.numel() for name, value in model.named_buffers() if "correction_bias" in name)
    assert parts.total == sum(weight.numel() for weight in weights.values()) + biases
    tower = sum(weight.numel() for name, weight in weights.items() if is_vision(name))
    assert tower == parts.tower + (parts.projector if family.startswith("qwen") else 0)


@pytest.mark.parametrize("family", ("qwen2_5_vl", "internvl"))
def test_what_is_trained_with_the_tower_frozen_or_with_adapters(family):
    model = tiny(family)
    shape = shape_of_model(model)
    train_weights(model, freeze_vision=True)
    assert trained(shape, freeze_vision=True, lora=None) == trainable(model)
    lora = Lora(rank=4, alpha=8.0)
    add_adapters(model, lora)
    assert trained(shape, freeze_vision=False, lora=lora) == trainable(model)


def trainable(model):
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
