"""Sizes of a step, operations and seconds against the engine's own cutting, counting and measurement."""

from types import SimpleNamespace

import pytest
import torch
from tiny_shapes import shape_of_model

from rlvr.backbones.backbone import Tiny
from rlvr.backbones.tiny import build
from rlvr.plan.assumptions import Assumptions
from rlvr.plan.batch import generation, group_tokens, groups_at_once, prompt_size, together
from rlvr.plan.gpu import GPUS, gpu_named
from rlvr.plan.shape import shape_of
from rlvr.plan.step_seconds import step_seconds
from rlvr.plan.step_size import StepSize
from rlvr.plan.work import forward
from rlvr.rl.cache_batches import cache_batches
from rlvr.rl.flops import FlopCount
from rlvr.rl.hardware import peak_flops
from rlvr.rl.update import Group, Updater
from rlvr.training import Grpo, Loss, Optimiser, Sampling, Scale


@pytest.mark.parametrize("gpu", GPUS, ids=lambda gpu: gpu.name)
def test_peaks_are_those_of_the_engine(gpu):
    assert gpu.teraflops * 1e12 == peak_flops(torch.bfloat16, f"NVIDIA {gpu.product}")


@pytest.mark.parametrize(
    ("family", "pixels"), [("qwen2_5_vl", 280 * 280), ("kimi_k25", 280 * 280), ("qwen2_vl", 10**6)]
)
def test_a_picture_has_as_many_tokens_as_the_processor_makes_of_it(family, pixels):
    from PIL import Image

    model, processor = build(family, Tiny(hidden_size=64, layers=2, vision_size=32), ["What? 3"] * 4)
    side = int(pixels**0.5)
    made = processor.image_processor(images=[Image.new("RGB", (side, side))], return_tensors="pt")
    vision = shape_of_model(model).vision
    planned = prompt_size(vision, Assumptions(picture_pixels=pixels, text_tokens=0), max_pixels=256 * 28 * 28)
    assert planned.patches == len(made["pixel_values"])
    assert planned.tokens == planned.tokens_of_pictures == planned.patches // 4


def test_a_tiled_picture_has_a_thumbnail_and_256_tokens_a_tile():
    vision = shape_of("OpenGVLab/InternVL2_5-8B").vision
    alone = prompt_size(vision, Assumptions(picture_pixels=448 * 448, text_tokens=10))
    assert (alone.tokens, alone.patches) == (10 + 256, 1025)
    several = prompt_size(vision, Assumptions(picture_pixels=2 * 448 * 448, text_tokens=10))
    assert (several.tokens, several.patches) == (10 + 3 * 256, 3 * 1025)


def test_longer_prompts_than_the_stage_takes_are_not_planned_for():
    vision = shape_of("Qwen/Qwen2-VL-2B").vision
    prompt = prompt_size(vision, Assumptions(picture_pixels=10**7), max_tokens=1024)
    assert prompt.tokens == 1024 and prompt.tokens_of_pictures == 724
    video = prompt_size(vision, Assumptions(), max_video_pixels=5_619_712)
    assert video.tokens_of_pictures == 3584  # VideoChat-R1's limit, two frames a patch


@pytest.mark.parametrize("packed", (True, False))
@pytest.mark.parametrize("limit", (1, 3000, 40_000, Scale().cache_tokens))
@pytest.mark.parametrize(
    ("prompt", "size", "new", "prompts"), [(100, 8, 64, 5), (1500, 8, 2048, 40), (9000, 2, 16_384, 9)]
)
def test_generation_is_cut_as_the_engine_cuts_it(prompt, size, new, prompts, limit, packed):
    encoded = [SimpleNamespace(ids=range(prompt)) for _ in range(prompts)]
    nothing = [[torch.zeros(0)] * size for _ in encoded]
    batches = cache_batches(encoded, nothing, new, limit, packed=packed)
    drawn = sorted((part.prompt, sample) for batch in batches for part in batch for sample in part.samples)
    assert drawn == [(number, sample) for number in range(prompts) for sample in range(size)]
    planned = generation(prompt, size, new, prompts, limit, packed=packed)
    most = max(sum(len(part.samples) for part in batch) for batch in batches)
    assert planned.rows / 1.15 <= most <= planned.rows and planned.batches == len(batches)
    assert planned.prompts == max(map(len, batches))
    for batch in batches:
        rows = sum(len(part.samples) for part in batch)
        assert rows == 1 or (len(batch) if packed else rows) * prompt + rows * new <= limit


@pytest.mark.parametrize("obstacle", (None, "not packable"))
@pytest.mark.parametrize("limit", (1, 850, 3000, 16_384))
def test_micro_batches_are_cut_as_the_engine_cuts_them(obstacle, limit):
    groups = [Group([SimpleNamespace(row=row, length=100)] * 4, torch.ones(400), torch.ones(400)) for row in range(9)]
    updater = SimpleNamespace(
        policy=SimpleNamespace(obstacle=obstacle), scale=Scale(micro_batch_tokens=limit),
        prompts={row: SimpleNamespace(ids=range(700)) for row in range(9)},
    )  # fmt: skip
    batches = list(Updater.micro_batches(updater, Updater.cut(updater, groups)))
    packed = obstacle is None
    once = together(700, 100, 4, limit, packed=packed)
    assert once == max(len(group.samples) for batch in batches for group in batch)
    assert groups_at_once(group_tokens(700, 100, once, packed=packed), 9, limit) == max(map(len, batches))
    assert sum(group.tokens for batch in batches for group in batch) == 3600
    assert all(len(group.weights) == len(group.likelihood) == group.tokens for batch in batches for group in batch)


@pytest.mark.parametrize("family", ("qwen2_vl", "qwen2_5_vl", "internvl", "kimi_k25"))
def test_operations_are_those_that_the_engine_counts(family):
    model, _ = build(family, Tiny(hidden_size=64, layers=3, vision_size=32), ["What? 3"] * 4)
    shape = shape_of_model(model)
    prompt = prompt_size(shape.vision, Assumptions(picture_pixels=0, pictures=0, text_tokens=200))
    segments = [(200, 200), *[(50, 250)] * 4]
    counted = FlopCount(model).packed(segments, scored=200, backward=False).forward
    assert forward(shape, prompt, 4, 50, copies=1, look=False) == pytest.approx(counted, rel=0.05)


def test_the_measured_step_is_estimated():
    """2.2 billion parameters, a picture of 1,024 tokens, 8 completions of 256, one H200: rollout 1.85 s, update 0.43 s
    (README); the estimate must come near what its two constants were taken from."""
    shape = shape_of("Qwen/Qwen2-VL-2B-Instruct")
    stage = Grpo(
        optimiser=Optimiser(learning_rate=1e-6), prompts_per_step=1, loss=Loss(kl_weight=0.0),
        sampling=Sampling(max_new_tokens=256),
    )  # fmt: skip
    assumed = Assumptions(picture_pixels=1024 * 784, text_tokens=30, mean_length=1.0)
    prompt = prompt_size(shape.vision, assumed)
    step = StepSize(
        prompt=prompt, packed=True, size=8, together=8, length=256, groups=1, rows=1, mine=1, new=256, cache=2**18
    )
    seconds = step_seconds(stage, shape, step, gpu_named("h200-141"), Scale(), assumed, 2)
    assert seconds.rollout == pytest.approx(1.85, rel=0.15)
    assert seconds.update == pytest.approx(0.43, rel=0.25)
