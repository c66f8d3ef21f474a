"""Planned shares of weights, gradients and optimiser state against DeepSpeed's own on two processes."""

import io
import json

import pytest
import torch
from PIL import Image
from tiny_shapes import shape_of_model

from rlvr.backbones.backbone import Tiny
from rlvr.backbones.tiny import build
from rlvr.launch import launch
from rlvr.plan.parameters import count
from rlvr.plan.states import states
from rlvr.prompts import Prompt
from rlvr.rl.encoding import Encoder
from rlvr.rl.engine import make_engine
from rlvr.rl.policy import Policy
from rlvr.training import Optimiser, Scale

STAGES = (1, 2, 3)
TINY = Tiny(hidden_size=128, layers=3, vision_size=64)


def bytes_of(tensors):
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def network():
    return build("qwen2_5_vl", TINY, ["How many items are there? <think> 1 </think> <answer> 3 </answer>"] * 4)


def encoded(processor):
    picture = io.BytesIO()
    Image.new("RGB", (56, 56), "teal").save(picture, "PNG")
    row = {"row_id": "a", "task": "counting", "prompt": "How many?", "images": [picture.getvalue()]}
    return Encoder(processor, {"counting": Prompt(template="{question}")}).prompt(row)


def measure(*, out):
    """One update under each stage; the main rank writes what it holds."""
    torch.set_num_threads(1)
    from rlvr.rl import deepspeed_engine

    whole = deepspeed_engine.configuration

    def configuration(*arguments):  # tiny weights too are split
        content = whole(*arguments)
        content["zero_optimization"]["stage3_param_persistence_threshold"] = 0
        return content

    deepspeed_engine.configuration = configuration
    found = {}
    for stage in STAGES:
        model, processor = network()
        model = model.to(torch.bfloat16)
        engine = make_engine(Policy(model), Optimiser(learning_rate=1e-3), 1, Scale(processes=2, zero_stage=stage))
        ids = torch.arange(20, 40)
        engine.backward(engine.policy([encoded(processor)], [[ids, ids + 1]]).sum())
        zero = engine.zero
        if stage == 1:
            gradients = [weight.grad for weight in model.parameters()]
        elif stage == 2:
            gradients = [zero.averaged_gradients[0].flat_partition]
        else:
            gradients = [zero.grad_partitions_flat_buffer]
        held = {"gradients": bytes_of(gradients)}
        engine.step(0)
        weights = [weight.ds_tensor if stage == 3 else weight for weight in model.parameters()]
        kept = [value for flat in engine.flats for value in zero.optimizer.state[flat].values() if value.ndim]
        held |= {"weights": bytes_of(weights), "masters": bytes_of(engine.flats), "moments": bytes_of(kept)}
        found[stage] = held
    if engine.world.main:
        (out / "held.json").write_text(json.dumps(found))


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    folder = tmp_path_factory.mktemp("held")
    launch(measure, Scale(processes=2), out=folder)
    return json.loads((folder / "held.json").read_text())


@pytest.fixture(scope="module")
def total():
    return count(shape_of_model(network()[0])).total


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("part", ("weights", "masters", "gradients", "moments"))
def test_each_rank_holds_what_is_planned(held, total, stage, part):
    planned = states(
        total=total, trained=total, largest=0, precision=2, scale=Scale(zero_stage=stage), processes=2, reference=False
    )
    # shares are padded to equal lengths
    assert held[str(stage)][part] == pytest.approx(getattr(planned, part), rel=2e-3)
