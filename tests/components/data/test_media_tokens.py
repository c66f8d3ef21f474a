"""Tokens of pictures and videos by closed form, beside what the processors of the backbones really make."""

import io
import random

import pytest
from PIL import Image

from rlvr.backbones.backbone import Backbone, Tiny
from rlvr.backbones.pixel_limits import limit_pixels
from rlvr.canonical import load, plain
from rlvr.data.media_tokens import MediaShape, arrangement, media_shape, picture_tokens, video_tokens
from rlvr.data.prompt_tokens import PromptLimit, token_facts
from rlvr.datasets import motion_jpeg
from rlvr.prompts import Prompt
from rlvr.rl.video import video_size

FAMILIES = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "internvl", "kimi_k25")
LIMITS = ((3136, 401_408), (784, 784), (3136, 12_845_056), (401_408, 2_408_448))


def backbone(architecture, location="hub", **tiny):
    return Backbone(
        hub_id="a/b", revision=None, architecture=architecture, licence="MIT", location=location, tiny=Tiny(**tiny)
    )


def published(architecture):
    """The image processor of a published checkpoint, as its preprocessor_config.json sets it."""
    from rlvr.backbones.checkpoint import quiet_transformers

    transformers = quiet_transformers()
    if architecture == "internvl":
        return transformers.GotOcr2ImageProcessor(
            size={"height": 448, "width": 448}, crop_to_patches=True, min_patches=1, max_patches=12
        )
    if architecture == "kimi_k25":
        return transformers.Kimi_K25ImageProcessor(patch_size=14, merge_size=2, max_patches=4096)
    return transformers.Qwen2VLImageProcessor(
        size={"shortest_edge": 3136, "longest_edge": 12_845_056},
        patch_size=16 if architecture == "qwen3_vl" else 14,
        merge_size=2,
        temporal_patch_size=2,
    )


def sizes(number):
    draw = random.Random(0)
    usual = [(640, 480), (448, 448), (1000, 1), (28, 28), (1, 1), (448, 896), (1344, 448), (5000, 3000), (8000, 60)]
    return usual + [(draw.randint(10, 2500), draw.randint(10, 2500)) for _ in range(number)]


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("architecture", FAMILIES)
def test_pictures_of_any_size_have_as_many_tokens_as_the_published_processor_makes(architecture, limits):
    processor, shape = published(architecture), media_shape(backbone(architecture))
    limit_pixels(processor, *limits)
    for width, height in sizes(150):
        if "qwen" in architecture and max(width, height) > 200 * min(width, height):
            continue  # refused by the processor; the suite has a check of its own for such pictures
        patches = processor.get_number_of_image_patches(height, width, {})
        expected = patches * 256 if architecture == "internvl" else patches // 4
        found = picture_tokens(width, height, min_pixels=limits[0], max_pixels=limits[1], shape=shape)
        assert found == expected, (width, height)


def test_published_shapes():
    grid, tiles, native = (media_shape(backbone(name)) for name in ("qwen2_5_vl", "internvl", "kimi_k25"))
    assert picture_tokens(640, 480, max_pixels=401_408, shape=grid) == 391
    assert picture_tokens(1600, 800, max_pixels=12 * 448**2, shape=tiles) == 2304, "4 x 2 tiles and a thumbnail"
    assert picture_tokens(800, 400, max_pixels=401_408, shape=tiles) == 768
    assert picture_tokens(640, 480, max_pixels=401_408, shape=native) == 414
    assert (arrangement(448, 448, 1, 12, 448), arrangement(900, 900, 1, 12, 448)) == ((1, 1), (2, 2))
    assert [video_tokens(5, 280, 280, shape) for shape in (grid, tiles, native)] == [300, 1280, 200]
    assert video_tokens(5, 280, 280, media_shape(backbone("qwen3_vl"))) is None


def clip(frames=7, size=(100, 76)):
    draw = random.Random(1)
    jpegs = []
    for _ in range(frames):
        written = io.BytesIO()
        Image.frombytes("RGB", size, draw.randbytes(size[0] * size[1] * 3)).save(written, "JPEG")
        jpegs.append(written.getvalue())
    return motion_jpeg.video(jpegs, 5)


@pytest.fixture(scope="module", params=FAMILIES)
def encoder(request):
    from rlvr.backbones.checkpoint import quiet_transformers
    from rlvr.backbones.tiny import FAMILIES as MODULES
    from rlvr.backbones.tiny.tokenizer import train_tokenizer
    from rlvr.rl.encoding import Encoder

    quiet_transformers()
    family, tiny = MODULES[request.param], backbone(request.param, "tiny", patch_size=10)
    tokenizer = train_tokenizer(["How many items are there?"], family.SPECIAL_TOKENS, family.TOKEN_ROLES)
    processor = family.processor(request.param, tiny.tiny, tokenizer)
    limit_pixels(processor.image_processor, 784, 30_000)
    prompts = {"t": Prompt(template="{question}")}
    whole = Encoder(processor, prompts, frames_per_second=2.0, max_frames=6, max_video_pixels=20_000)
    limit = PromptLimit(
        task="t",
        max_tokens=20,
        min_pixels=784,
        max_pixels=30_000,
        frames_per_second=2.0,
        max_frames=6,
        max_video_pixels=20_000,
        shape=media_shape(tiny),
    )
    return request.param, whole, load(PromptLimit, plain(limit))


def facts_and_prompt(encoder, sizes=(), video=None):
    _, whole, limit = encoder
    images = []
    for size in sizes:
        written = io.BytesIO()
        Image.new("RGB", size).save(written, "PNG")
        images.append(written.getvalue())
    row = {"row_id": "r", "task": "t", "prompt": "How many items?", "images": images, "video": video}
    tokenizer = whole.processor.tokenizer
    found = token_facts(
        row["prompt"],
        sizes,
        complete=True,
        prompt=whole.prompts["t"],
        limit=limit,
        count=lambda text: len(tokenizer(text, add_special_tokens=False)["input_ids"]),
        video=video,
    )
    return found, whole.prompt(row)


def test_pictures_through_the_encoder(encoder):
    found, prompt = facts_and_prompt(encoder, [(150, 90), (64, 200), (33, 41)])
    assert found["picture_tokens"] == int((prompt.token_types > 0).sum())
    assert 0 <= len(prompt.ids) - found["prompt_tokens"] <= 60, "what the chat format adds"
    assert found["excess_tokens"] == found["prompt_tokens"] - 20


def test_videos_through_the_encoder(encoder):
    name, _, _ = encoder
    found, prompt = facts_and_prompt(encoder, [(150, 90)], clip())
    if name == "qwen3_vl":
        assert set(found.values()) == {None}
    else:
        assert found["picture_tokens"] == int((prompt.token_types > 0).sum())
        assert found["prompt_tokens"] < len(prompt.ids)


def test_a_video_is_measured_without_being_decoded():
    found = video_size(clip())
    assert (found.frames, found.per_second, found.size_px) == (7, 5.0, (100, 76))
    assert video_size(b"no video") is None
    limit = PromptLimit(task="t", max_tokens=5, shape=MediaShape())
    assert token_facts("q", [], complete=True, prompt=None, limit=limit, video=b"no video")["prompt_tokens"] is None
