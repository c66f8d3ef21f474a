"""Planned memory against what the engine really allocates for tiny models, on the CPU.

Weights, gradients and optimiser state agree to the byte. Activations agree within `FACTOR`: the plan is for the GPU's
kernels, which save a little less or more than the CPU's, and it must not promise too little.
"""

import gc
import io
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_shapes import shape_of_model
from torch.profiler import ProfilerActivity, profile

from rlvr.backbones.backbone import Tiny
from rlvr.backbones.tiny import build
from rlvr.plan import activations as planned_activations
from rlvr.plan import cache as planned_cache
from rlvr.plan.batch import Generation, PromptSize
from rlvr.plan.cache import token_bytes
from rlvr.plan.parameters import count, trained
from rlvr.plan.rollout_memory import drawing
from rlvr.plan.states import States, states
from rlvr.plan.step_size import StepSize
from rlvr.plan.update_memory import activations
from rlvr.prompts import Prompt
from rlvr.rl import logprobs, rollout
from rlvr.rl.decoding import BLOCK, Decoding
from rlvr.rl.encoding import Encoder
from rlvr.rl.engine import make_engine
from rlvr.rl.policy import Policy
from rlvr.training import Lora, Optimiser, Sampling, Scale

FACTOR = (0.93, 1.4)
"""Planned over measured activations, at least and at most."""
TEXTS = ["How many items are there? <think> 1 2 3 </think> <answer> 3 </answer>"] * 4
TINY = Tiny(hidden_size=128, layers=4, vision_size=64)
SIZE, LENGTH = 4, 96
"""Completions a prompt, and their tokens."""
PRECISIONS = {2: torch.bfloat16, 4: torch.float32}


@pytest.fixture(scope="module")
def built():
    """Model and processor of a family in a precision; a new model each time."""

    def make(family, precision):
        model, processor = build(family, TINY, TEXTS)
        return model.to(PRECISIONS[precision]), processor

    return make


def encoded(processor):
    picture = io.BytesIO()
    Image.fromarray(np.random.RandomState(0).randint(0, 255, (280, 280, 3), dtype=np.uint8)).save(picture, "PNG")
    row = {"row_id": "a", "task": "counting", "prompt": "How many?", "images": [picture.getvalue()]}
    return Encoder(processor, {"counting": Prompt(template="{question}")}).prompt(row)


def responses():
    """Random ones with different first tokens: they share nothing."""
    draw = torch.Generator().manual_seed(0)
    tails = [torch.randint(20, 200, (LENGTH - 1,), generator=draw) for _ in range(SIZE)]
    return [[torch.cat([torch.tensor([30 + number]), tail]) for number, tail in enumerate(tails)]]


def patches_of(prompt):
    pixels = prompt.media["pixel_values"]
    tiles = pixels.ndim == 4 and "image_grid_thw" not in prompt.media
    return pixels.shape[0] * ((pixels.shape[2] // 14) ** 2 + 1) if tiles else len(pixels)


def peak(work):
    """Bytes that `work` allocates beyond what was there, at most."""
    gc.collect()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as watched:
        work()
    events = [event for event in watched.profiler.kineto_results.events() if event.name() == "[memory]"]
    held = most = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most


def bytes_of(tensors):
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


@pytest.mark.parametrize(
    ("family", "precision", "again", "frozen", "lora"),
    [
        ("qwen2_vl", 2, False, False, None),
        ("qwen2_vl", 4, True, False, None),
        ("qwen2_5_vl", 2, False, False, None),
        ("qwen2_5_vl", 2, True, True, None),
        ("qwen2_5_vl", 2, False, False, Lora(rank=8, alpha=16.0)),
        ("internvl", 2, False, False, None),
        ("internvl", 4, True, False, None),
        ("kimi_k25", 4, True, False, None),
    ],
)
def test_an_update_allocates_what_is_planned(built, family, precision, again, frozen, lora):
    model, processor = built(family, precision)
    shape, prompt = shape_of_model(model), encoded(processor)
    policy = Policy(model)
    scale = Scale(gradient_checkpointing=again)
    engine = make_engine(policy, Optimiser(learning_rate=1e-3), 1, scale, freeze_vision=frozen, lora=lora)

    def update():
        engine.backward(policy([prompt], responses()).sum())

    update()  # what is made once is made now
    for master in engine.masters.values():
        master.grad = None
    most = peak(update)
    gradients = [master.grad for master in engine.masters.values() if master.grad is not None]
    step = StepSize(
        prompt=PromptSize(tokens=len(prompt.ids), patches=patches_of(prompt), seen=patches_of(prompt)),
        packed=True, size=SIZE, together=SIZE, length=LENGTH, groups=1, rows=1, mine=0, new=0,
        cache=scale.cache_tokens,
    )  # fmt: skip
    held_back = frozen or lora is not None
    items = activations(shape, step, precision, again=again, frozen=held_back, lora=lora)
    planned = sum(item.bytes for item in items)
    assert FACTOR[0] < planned / (most - bytes_of(gradients)) < FACTOR[1]

    learnt = trained(shape, freeze_vision=frozen, lora=lora)
    total = count(shape).total + (learnt if lora else 0)
    held = states(
        total=total - biases(model), trained=learnt - (0 if held_back and lora else biases(model)), largest=0,
        precision=precision, scale=scale, processes=1, reference=False,
    )  # fmt: skip
    assert bytes_of(gradients) == held.gradients
    engine.step(0)
    assert bytes_of(model.parameters()) == held.weights
    copies = [engine.masters[name] for name, weight in engine.weights.items() if engine.masters[name] is not weight]
    assert bytes_of(copies) == held.masters
    kept = [value for state in engine.optimiser.optimiser.state.values() for value in state.values() if value.ndim]
    assert bytes_of(kept) == held.moments


def biases(model):
    """Those that balance experts, which transformers holds as buffers."""
    return sum(value.numel() for name, value in model.named_buffers() if "correction_bias" in name)


@pytest.mark.parametrize("family", ("qwen2_5_vl", "internvl", "kimi_k25"))
def test_keys_and_values_are_those_of_generation(built, family):
    model, processor = built(family, 4)
    prompt, shape = encoded(processor), shape_of_model(model)
    with torch.no_grad():
        state = Decoding(Policy(model), [prompt], [[torch.zeros(0, dtype=torch.long)] * SIZE])
    each = token_bytes(shape.language, 4)
    assert bytes_of(tensor for pair in state.prefix.values() for tensor in pair) == each * len(prompt.ids)
    assert bytes_of(tensor for pair in state.own.values() for tensor in pair) == each * SIZE * BLOCK


@pytest.mark.parametrize("family", ("qwen2_5_vl", "internvl", "kimi_k25"))
@pytest.mark.parametrize(("prompts", "size", "new"), [(6, 1, 4), (2, 12, 72)])  # reading, then drawing needs more
def test_drawing_allocates_what_is_planned(built, family, prompts, size, new):
    model, processor = built(family, 4)
    prompt = encoded(processor)
    several = [replace(prompt, row_id=str(number)) for number in range(prompts)]
    engine = rollout.Rollout(Policy(model), processor.tokenizer)
    engine.ends = torch.tensor([-1])  # no completion ends early

    def draw():
        engine.generate(several, size, Sampling(max_new_tokens=new))

    most = peak(draw)
    sizes = PromptSize(tokens=len(prompt.ids), patches=patches_of(prompt), seen=patches_of(prompt))
    batch = Generation(prompts=prompts, rows=prompts * size, batches=1)
    planned = sum(item.bytes for item in drawing(shape_of_model(model), sizes, batch, new, 4))
    assert FACTOR[0] < planned / most < FACTOR[1]


def test_a_split_state_adds_up_to_the_whole_one():
    whole = states(total=1000, trained=800, largest=0, precision=2, scale=Scale(), processes=1, reference=True)
    parts = states(
        total=1000, trained=800, largest=0, precision=2, scale=Scale(zero_stage=3), processes=8, reference=True
    )
    assert (parts.weights + parts.gathered, parts.reference) == (whole.weights, whole.reference)
    assert 8 * parts.masters == whole.masters and 8 * parts.moments == whole.moments
    assert 8 * parts.gradients == whole.gradients
    away = states(
        total=1000, trained=800, largest=0, precision=2, scale=Scale(zero_stage=2, offload_optimiser=True),
        processes=8, reference=False,
    )  # fmt: skip
    assert away.masters == away.moments == away.gradients == 0 and away.host > (whole.masters + whole.moments) / 8
    assert all(getattr(away, field.name) >= 0 for field in fields(States))


def test_constants_are_the_engines():
    assert planned_activations.CHUNK == logprobs.CHUNK
    assert planned_cache.BLOCK == BLOCK
