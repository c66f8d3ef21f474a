"""Tiny backbones of every architecture: saved and reloaded, pictures and videos through processor and model."""

from typing import get_args

import numpy as np
import pytest
import torch
from PIL import Image

from rlvr.backbones.backbone import Architecture, Tiny
from rlvr.backbones.checkpoint import load_model, load_processor
from rlvr.backbones.tiny import build
from rlvr.errors import RlvrError

TINY = Tiny(hidden_size=64, layers=2, vision_size=32)
TEXTS = ["How many items are there? <think> 1 2 3 </think> <answer> 3 </answer>"] * 4
MEDIA = {"picture": ["image"], "pictures": ["image", "image"], "video": ["video"], "both": ["image", "video"]}
ARCHITECTURES = get_args(Architecture)


@pytest.fixture(scope="module", params=ARCHITECTURES)
def backbone(request):
    return request.param, *build(request.param, TINY, TEXTS)


@pytest.fixture(scope="module")
def folder(backbone, tmp_path_factory):
    path = tmp_path_factory.mktemp("tiny")
    backbone[1].save_pretrained(path)
    backbone[2].save_pretrained(path)
    return path


def inputs(processor, kinds, seed=0, frames=6):
    """Model inputs for a question about noise pictures (120 x 90) and videos (84 x 56, 3 frames a second)."""
    noise = np.random.default_rng(seed)
    images = [Image.fromarray(noise.integers(0, 255, (90, 120, 3), np.uint8)) for kind in kinds if kind == "image"]
    videos = [noise.integers(0, 255, (frames, 56, 84, 3), np.uint8) for kind in kinds if kind == "video"]
    message = {"role": "user", "content": [*({"type": kind} for kind in kinds), {"type": "text", "text": "How many?"}]}
    text = processor.apply_chat_template([message], add_generation_prompt=True, tokenize=False)
    given = {"images": images} if images else {}
    if videos:
        metadata = {"fps": 3, "total_num_frames": frames, "frames_indices": list(range(frames))}
        given |= {"videos": videos, "video_metadata": [metadata] * len(videos), "do_sample_frames": False}
    return processor(text=[text], return_tensors="pt", **given)


def test_a_saved_backbone_is_the_same_when_loaded(backbone, folder):
    _, model, processor = backbone
    loaded, again = load_model(folder), load_processor(folder)
    assert type(loaded) is type(model) and type(again) is type(processor)
    weights = loaded.state_dict()
    assert all(value.equal(weights[name]) for name, value in model.state_dict().items())
    first, second = inputs(processor, MEDIA["both"]), inputs(again, MEDIA["both"])
    assert sorted(first) == sorted(second)
    assert all(torch.equal(torch.as_tensor(first[key]), torch.as_tensor(second[key])) for key in first)


@pytest.mark.parametrize("media", MEDIA)
@torch.no_grad()
def test_media_reach_the_answer(media, backbone):
    _, model, processor = backbone
    one, other = (model(**inputs(processor, MEDIA[media], seed)).logits[0, -1] for seed in (1, 2))
    assert one.isfinite().all()
    assert (one - other).abs().max() > 1e-4


@torch.no_grad()
def test_greedy_generation_sees_a_picture_once(backbone):
    _, model, processor = backbone
    given = inputs(processor, MEDIA["picture"])
    cached = model.generate(**given, max_new_tokens=4, do_sample=False)
    whole = model.generate(**given, max_new_tokens=4, do_sample=False, use_cache=False)
    assert cached.equal(whole)


def test_weights_follow_the_seed_and_the_initializer_range(backbone):
    architecture, model, _ = backbone
    again, _ = build(architecture, TINY, TEXTS)
    wide, _ = build(architecture, Tiny(hidden_size=64, layers=2, vision_size=32, initializer_range=0.16, seed=1), TEXTS)
    weights, wider = again.state_dict(), wide.state_dict()
    for name, value in model.state_dict().items():
        assert value.equal(weights[name])
        if name.endswith("proj.weight") and value.dim() == 2:
            assert float(wider[name].std()) == pytest.approx(2 * float(value.std()), rel=0.1), name


def test_the_tokenizer_loses_nothing(backbone):
    tokenizer = backbone[2].tokenizer
    text = "<think> 12 ≠ 3\n\n\\frac{1}{2} </think> <answer> 日本 </answer>"
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert tokenizer.eos_token == "<|im_end|>" and tokenizer.padding_side == "left"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_patches_have_the_architectures_own_side_unless_another_is_set(architecture):
    own, set_ = (build(architecture, tiny, TEXTS)[0] for tiny in (TINY, Tiny(vision_size=32, patch_size=8)))
    side = 16 if architecture == "qwen3_vl" else 14
    assert own.config.vision_config.patch_size in (side, [side, side])
    assert set_.config.vision_config.patch_size in (8, [8, 8])


def test_incomplete_weights_are_refused(backbone, folder, tmp_path):
    from safetensors.torch import load_file, save_file

    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = load_file(tmp_path / "model.safetensors")
    lost = sorted(name for name in weights if name.endswith("o_proj.weight"))[0]
    del weights[lost]
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(RlvrError, match="lack 1 tensors .*o_proj.weight"):
        load_model(tmp_path)


@torch.no_grad()
def test_kimis_chunks_of_frames_are_encoded_each_by_itself():
    model, processor = build("kimi_k25", TINY, TEXTS)
    given = inputs(processor, ["video"], frames=10)
    pixels, grid = given["pixel_values_videos"], given["video_grid_thw"]
    assert grid[:, 0].tolist() == [4, 4, 2]
    together = model.model.get_video_features(pixels, grid).pooler_output
    chunks = pixels.split(grid.prod(1).tolist())
    for tokens, chunk, (frames, height, width) in zip(together, chunks, grid.tolist(), strict=True):
        # the tower by hand: attention within the chunk, then the mean over its frames
        tower = model.model.vision_tower
        states = tower(chunk, grid_thw=torch.tensor([[frames, height, width]])).last_hidden_state
        mean = states.view(frames, height // 2, 2, width // 2, 2, -1).mean(0).transpose(1, 2).reshape(-1, 4, 32)
        assert torch.allclose(tokens, model.model.mm_projector(mean).squeeze(1), atol=1e-6)


@pytest.mark.parametrize(
    ("architecture", "limits", "tokens"),
    [
        ("qwen2_5_vl", (None, 4 * 28**2), 2),
        ("qwen2_5_vl", (64 * 28**2, None), 70),
        ("qwen3_vl", (None, 4 * 32**2), 2),
        ("internvl", (None, 112**2), 16),
        ("internvl", (2 * 112**2, 4 * 112**2), 80),
        ("kimi_k25", (None, 24 * 14**2), 9),
        ("kimi_k25", (1_000_000, None), 20),
    ],
)
def test_pixel_limits_hold_in_every_family(architecture, limits, tokens, tmp_path):
    model, processor = build(architecture, TINY, TEXTS)
    model.save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    given = inputs(load_processor(tmp_path, *limits), ["image"])
    assert int((given["input_ids"] == model.config.image_token_id).sum()) == tokens


def test_a_processor_without_known_limits_is_named():
    from rlvr.backbones.pixel_limits import limit_pixels

    limit_pixels(object(), None, None)
    with pytest.raises(RlvrError, match="object has none of the known limits"):
        limit_pixels(object(), 784, None)
