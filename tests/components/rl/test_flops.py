"""Operation counts against torch's own counter on tiny models of every family, and peaks of known cards."""

from dataclasses import replace

import pytest
import torch
from test_engine import FAMILIES, PROMPT, video
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from rlvr.backbones.backbone import Tiny
from rlvr.backbones.tiny import build
from rlvr.data.rows import read
from rlvr.rl import logprobs
from rlvr.rl.encoding import Encoder
from rlvr.rl.flops import FlopCount, Flops, mfu
from rlvr.rl.hardware import peak_flops
from rlvr.rl.layout import SegmentLayout
from rlvr.rl.lora import add_adapters
from rlvr.rl.policy import Policy
from rlvr.rl.trainable import checkpoint_layers, train_weights
from rlvr.training import Lora

TINY = Tiny(hidden_size=64, layers=3, vision_size=32)


def network(family):
    model, processor = build(
        family, TINY, ["How many items are there? <think> 1 2 3 </think> <answer> 3 </answer>"] * 4
    )
    if family == "kimi_k25":
        model.set_experts_implementation("eager")  # multiplies by the chosen experts alone
    return model, processor


def encoded(processor, counting_rows):
    """A picture, two pictures, text alone and a video, with responses."""
    first, second = read(counting_rows)[:2]
    rows = [
        first,
        {**second, "images": [*second["images"], *first["images"]]},
        {**first, "images": []},
        {**first, "images": [], "video": video()},
    ]
    encoder = Encoder(processor, {"counting": PROMPT}, frames_per_second=2.0)
    prompts = [encoder.prompt(row) for row in rows]
    # different first tokens: responses of a group then share nothing
    responses = [[torch.full((length,), 20 + length) for length in (5, 17, 30)] for _ in prompts]
    return prompts, responses


def addmm(into, left, right, **_):
    """Operations of the in-place product that torch's counter leaves out; it is given shapes."""
    return 2 * left[0] * left[1] * right[1]


def measured(policy, prompts, responses, backward=True):
    """Forward and backward operations as torch counts them."""
    with sdpa_kernel(SDPBackend.MATH):  # the CPU's flash kernel is not counted
        with FlopCounterMode(display=False) as forward, torch.set_grad_enabled(backward):
            result = policy(prompts, responses)
        with FlopCounterMode(display=False, custom_mapping={torch.ops.aten.addmm_: addmm}) as after:
            if backward:
                result.sum().backward()
    return forward.get_total_flops(), after.get_total_flops()


def counted(model, prompts, responses, **settings):
    layout = SegmentLayout([prompt.ids for prompt in prompts], [[ids[:-1] for ids in group] for group in responses])
    return FlopCount(model).packed(
        [(segment.length, segment.visible + segment.length) for segment in layout.segments],
        sum(len(ids) for group in responses for ids in group),
        [prompt.media for prompt in prompts],
        **settings,
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_counts_equal_torchs(family, counting_rows):
    model, processor = network(family)
    prompts, responses = encoded(processor, counting_rows)
    forward, backward = measured(Policy(model), prompts, responses)
    found = counted(model, prompts, responses)
    assert found.forward == pytest.approx(forward, rel=0.002)
    assert found.backward == pytest.approx(backward, rel=0.002)
    assert found.recompute == 0 and found.model == found.total
    alone = counted(model, prompts, responses, backward=False)
    assert alone == Flops(forward=found.forward)


@pytest.mark.parametrize("family", ["qwen2_5_vl", "internvl"])
def test_a_frozen_tower_has_no_backward_pass(family, counting_rows):
    model, processor = network(family)
    train_weights(model, freeze_vision=True)
    prompts, responses = encoded(processor, counting_rows)
    forward, backward = measured(Policy(model), prompts, responses)
    found = counted(model, prompts, responses)
    assert found.forward == pytest.approx(forward, rel=0.002)
    assert found.backward == pytest.approx(backward, rel=0.002)
    text_only = [prompt for prompt in prompts if not prompt.media], [responses[2]]
    assert counted(model, *text_only).forward < found.forward / 3


def test_adapters_have_weight_gradients_and_their_base_has_none(counting_rows):
    model, processor = network("qwen2_5_vl")
    add_adapters(model, Lora(rank=8, targets=("q_proj", "v_proj", "down_proj")))
    prompts, responses = encoded(processor, counting_rows)
    forward, backward = measured(Policy(model), prompts, responses)
    found = counted(model, prompts, responses)
    assert found.forward == pytest.approx(forward, rel=0.002)
    assert found.backward == pytest.approx(backward, rel=0.1)  # torch stops at the first layer's adapters
    assert found.backward < 0.8 * forward * 2


@pytest.mark.filterwarnings("ignore:.gradient_checkpointing_enable:FutureWarning")
def test_recomputed_activations_are_counted_apart(counting_rows):
    model, processor = network("qwen3_vl")
    prompts, responses = encoded(processor, counting_rows)
    plain = counted(model, prompts, responses)
    checkpoint_layers(model)
    forward, backward = measured(Policy(model), prompts, responses)
    found = counted(model, prompts, responses, checkpointing=True)
    assert found.model == plain.model
    # torch leaves out what the recomputation does not need: a layer's last product, the patch embedding
    assert found.model * 1.2 < forward + backward < found.total
    assert forward + backward == pytest.approx(found.total, rel=0.08)


def test_rebuilt_logits_are_counted_apart(counting_rows, monkeypatch):
    model, processor = network("qwen2_vl")
    prompts, responses = encoded(processor, counting_rows)
    monkeypatch.setattr(logprobs, "SMALL", 0)
    monkeypatch.setattr("rlvr.rl.flops.SMALL", 0)
    forward, backward = measured(Policy(model), prompts, responses)
    found = counted(model, prompts, responses)
    assert found.recompute > 0
    assert forward + backward == pytest.approx(found.total, rel=0.002)


def test_sums_and_utilisation():
    one = Flops(forward=1e12, backward=2e12, recompute=1e12)
    assert one + one == replace(one, forward=2e12, backward=4e12, recompute=2e12)
    assert mfu(one.model, 2.0, 15e12) == pytest.approx(0.1)
    assert mfu(one.model, 2.0, None) is None


@pytest.mark.parametrize(
    ("device", "half", "single"),
    [
        ("NVIDIA H100 80GB HBM3", 989.4, 66.9),
        ("NVIDIA H100 PCIe", 756.0, 51.2),
        ("NVIDIA H200", 989.4, 66.9),
        ("NVIDIA A100-SXM4-80GB", 312.0, 19.5),
        ("NVIDIA B200", 2250.0, 75.0),
        ("NVIDIA L40S", 362.1, 91.6),
        ("NVIDIA L4", 121.0, 30.3),
        ("NVIDIA GeForce RTX 4090", 165.2, 82.6),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", None, None),
        ("Some other card", None, None),
    ],
)
def test_peaks_of_known_cards(device, half, single):
    for dtype, teraflops in ((torch.bfloat16, half), (torch.float16, half), (torch.float32, single)):
        assert peak_flops(dtype, device) == (None if teraflops is None else pytest.approx(teraflops * 1e12))
    assert peak_flops(torch.float64, device) is None
