"""Prompts without a chat template: pictures stand in them as in the processor's own template."""

import io

import pytest
from PIL import Image

from rlvr.backbones.backbone import Tiny
from rlvr.backbones.tiny import build
from rlvr.errors import RlvrError
from rlvr.prompts import Prompt
from rlvr.rl.encoding import Encoder
from rlvr.rl.media_text import media_text

PLAIN = Prompt(template="User: {question}\nAssistant: step by step.\n", prefill="<think>", style="plain")
CHAT = Prompt(template="{question}", prefill="<think>")
ITEMS_ALONE = (
    "{% for item in messages %}{% if item is string %}{{ item }}{% elif item['type'] == 'image' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% elif 'text' in item %}{{ item['text'] }}{% endif %}{% endfor %}"
)
"""A template in the manner of base Qwen2-VL's: no roles, items one after the other."""


@pytest.fixture(scope="module")
def picture():
    encoded = io.BytesIO()
    Image.new("RGB", (56, 84), (200, 30, 30)).save(encoded, "PNG")
    return encoded.getvalue()


@pytest.fixture(scope="module", params=["qwen2_vl", "qwen2_5_vl", "qwen3_vl", "internvl", "kimi_k25"])
def processor(request):
    tiny = Tiny(hidden_size=32, layers=1, vision_size=32, vision_layers=1)
    return build(request.param, tiny, [PLAIN.text("left or right?") + PLAIN.prefill] * 2)[1]


def row(picture, task, pictures=1):
    return {"row_id": "0", "task": task, "images": [picture] * pictures, "prompt": "left or right?"}


@pytest.mark.parametrize("pictures", [1, 2])
def test_pictures_stand_in_front_and_get_the_same_tokens_as_in_a_chat(processor, picture, pictures):
    encoder = Encoder(processor, {"plain": PLAIN, "chat": CHAT})
    plain, chat = (encoder.prompt(row(picture, task, pictures)) for task in ("plain", "chat"))
    text = "User: left or right?\nAssistant: step by step.\n<think>"
    assert plain.text == media_text(processor, "image") * pictures + text
    assert plain.text.count("<|im_start|>") == 0
    assert (plain.token_types == 1).sum() == (chat.token_types == 1).sum() > 0
    assert encoder.decode(plain.ids.tolist()).endswith(text)
    assert all((plain.media[name] == chat.media[name]).all() for name in chat.media)


def test_pictures_may_stand_behind_the_text_and_rows_without_any_have_none(processor, picture):
    behind = Prompt(template="{question} ", prefill="<think>", style="plain", media="after")
    encoder = Encoder(processor, {"plain": PLAIN, "behind": behind})
    assert encoder.text(row(picture, "behind")) == f"left or right? {media_text(processor, 'image')}<think>"
    assert encoder.text(row(picture, "plain", pictures=0)).startswith("User: left or right?")


def test_templates_without_roles_and_templates_without_videos():
    tiny = Tiny(hidden_size=32, layers=1, vision_size=32, vision_layers=1)
    processor = build("qwen2_vl", tiny, ["left or right?"] * 2)[1]
    processor.chat_template = ITEMS_ALONE
    assert media_text(processor, "image") == "<|vision_start|><|image_pad|><|vision_end|>"
    with pytest.raises(RlvrError, match="writes nothing for an item of type 'video'"):
        media_text(processor, "video")
