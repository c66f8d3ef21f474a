"""Checkpoints that bring their own Python code: a small one in the form of Kimi-VL-A3B's repository."""

import json
from dataclasses import replace

import pytest
from safetensors.torch import save_file

from rlvr.backbones.backbone import Backbone, Tiny
from rlvr.backbones.checkpoint import fetch, load_model, load_processor
from rlvr.backbones.remote_code import MARKER, carry_code, mark
from rlvr.backbones.tiny import build
from rlvr.errors import RlvrError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OWN = Backbone(
    hub_id="me/own-vl", revision=COMMIT, architecture="qwen2_5_vl", licence="Apache-2.0", location="", remote_code=True
)
CODE = {
    "configuration_own.py": """
from transformers import Qwen2_5_VLConfig


class OwnConfig(Qwen2_5_VLConfig):
    model_type = "own_vl"
""",
    "modeling_own.py": """
from pathlib import Path

from transformers import Qwen2_5_VLForConditionalGeneration

from .configuration_own import OwnConfig

Path("EXECUTED").touch()


class OwnModel(Qwen2_5_VLForConditionalGeneration):
    config_class = OwnConfig
    config: OwnConfig
""",
    "processing_own.py": """
from pathlib import Path

from transformers import Qwen2_5_VLProcessor

Path("EXECUTED").touch()


class OwnProcessor(Qwen2_5_VLProcessor):
    pass
""",
}


@pytest.fixture(scope="module")
def native(tmp_path_factory):
    """The same model as transformers' own class."""
    folder = tmp_path_factory.mktemp("native")
    model, processor = build("qwen2_5_vl", Tiny(hidden_size=64, layers=2, vision_size=32), ["a picture, 1 2 3"])
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", autouse=True)
def modules(tmp_path_factory):
    """Where transformers puts the code before it imports it; once a process, as Python imports from one place."""
    from transformers import dynamic_module_utils

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path_factory.mktemp("modules")))
        yield


@pytest.fixture
def executed(tmp_path):
    """The file that the code leaves behind when it is executed."""
    return tmp_path / "EXECUTED"


@pytest.fixture
def published(native, tmp_path, executed):
    """A folder as its authors publish it."""
    folder = tmp_path / "published"
    folder.mkdir()
    for file in native.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    save_file(load_model(native).state_dict(), folder / "model.safetensors", {"format": "pt"})  # its own names
    own = {"AutoConfig": "configuration_own.OwnConfig", "AutoModelForCausalLM": "modeling_own.OwnModel"}
    extend(folder / "config.json", model_type="own_vl", auto_map=own)
    extend(folder / "processor_config.json", auto_map={"AutoProcessor": "processing_own.OwnProcessor"})
    for name, text in CODE.items():
        (folder / name).write_text(text.replace('Path("EXECUTED")', f"Path({str(executed)!r})"))
    return folder


def extend(file, **fields):
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))


@pytest.fixture
def base(published, tmp_path):
    """The base stage's folder for a backbone that declares the code."""
    folder = tmp_path / "base"
    folder.mkdir()
    fetch(replace(OWN, location=str(published)), folder)
    return folder


def test_declared_code_is_fetched_marked_and_executed(base, executed, native):
    assert json.loads((base / MARKER).read_text())["revision"] == COMMIT
    assert not executed.exists()  # fetching executes nothing
    model, processor = load_model(base), load_processor(base, min_pixels=784)
    assert (type(model).__name__, type(processor).__name__) == ("OwnModel", "OwnProcessor")
    assert executed.exists()
    weights = load_model(native).state_dict()
    assert all(value.equal(weights[name]) for name, value in model.state_dict().items())


def test_a_trained_model_carries_the_code_of_its_base(base, tmp_path):
    trained = tmp_path / "trained"
    load_model(base).save_pretrained(trained)
    load_processor(base).save_pretrained(trained)
    with pytest.raises(RlvrError, match="no backbone has allowed"):
        load_model(trained)
    carry_code(base, trained)
    assert type(load_model(trained)).__name__ == "OwnModel"
    assert type(load_processor(trained)).__name__ == "OwnProcessor"


def test_nothing_is_carried_from_a_base_without_code(native, tmp_path):
    carry_code(native, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("load", [load_model, load_processor])
def test_code_without_the_marker_is_refused(load, published, executed):
    with pytest.raises(RlvrError, match="auto_map in config.json, processor_config.json.*remote_code to true"):
        load(published)
    assert not executed.exists()


def test_an_undeclared_fetch_copies_no_code_and_no_marker(published, tmp_path, executed):
    mark(published, COMMIT)  # a source may claim the marker's name; only a declaration makes it count
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(RlvrError, match="no backbone has allowed"):
        fetch(replace(OWN, location=str(published), remote_code=False), out)
    assert [file.name for file in out.iterdir() if file.name == MARKER or file.suffix == ".py"] == []
    assert not executed.exists()


@pytest.mark.parametrize("name", ["modeling_own.py", "another.py"])
def test_code_that_changed_after_the_fetch_is_refused(name, base, executed):
    with (base / name).open("a") as file:
        file.write("\nprint('changed')\n")
    with pytest.raises(RlvrError, match="not those that remote_code.json was written for"):
        load_model(base)
    assert not executed.exists()


def test_code_of_another_repository_is_refused(base, executed):
    extend(base / "processor_config.json", auto_map={"AutoProcessor": "other/repository--processing.Other"})
    with pytest.raises(RlvrError, match="other/repository--processing.Other"):
        load_model(base)
    assert not executed.exists()


@pytest.mark.parametrize("revision", [None, "main"])
def test_code_without_a_commit_is_refused(revision, published, tmp_path):
    with pytest.raises(RlvrError, match="40-hex commit"):
        fetch(replace(OWN, location=str(published), revision=revision), tmp_path)


def test_code_that_does_not_run_here_is_told(base):
    (base / "configuration_own.py").write_text("from transformers import PartOfAnOlderVersion\n")
    mark(base, COMMIT)
    with pytest.raises(RlvrError, match="does not run with transformers .*PartOfAnOlderVersion"):
        load_model(base)


def test_a_broken_configuration_is_named(base):
    (base / "config.json").write_text("{")
    with pytest.raises(RlvrError, match="config.json is not JSON"):
        load_processor(base)
