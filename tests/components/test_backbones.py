import json
import os
import subprocess
import sys

import pytest

from rlvr.backbones.backbone import Backbone
from rlvr.backbones.checkpoint import load_model, load_processor
from rlvr.backbones.prepare import prepare
from rlvr.canonical import plain
from rlvr.errors import RlvrError
from rlvr.store import manifest_of

REAL = Backbone(hub_id="Qwen/Qwen2-VL-2B-Instruct", revision=None, architecture="qwen2_vl", licence="Apache-2.0")


BUILD = """
import json, sys
from pathlib import Path
from rlvr.backbones.prepare import prepare
prepare(**json.load(sys.stdin), model=Path(sys.argv[1]))
"""


def test_a_tiny_base_is_built_the_same_way_every_time(digits_method, tiny_base, tmp_path):
    given = {"backbone": plain(digits_method.backbone), "tasks": [plain(task) for task in digits_method.tasks]}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", BUILD, str(tmp_path)]
    subprocess.run(command, input=json.dumps(given), text=True, check=True, env=environment)
    assert manifest_of(tmp_path).digest == manifest_of(tiny_base).digest


def test_a_tiny_base_loads_with_the_auto_classes(tiny_base):
    model, processor = load_model(tiny_base), load_processor(tiny_base, min_pixels=784, max_pixels=7840)
    assert type(model).__name__ == "Qwen2_5_VLForConditionalGeneration"
    assert processor.image_processor.size["longest_edge"] == 7840
    ids = processor.tokenizer("<think> 12 </think>")["input_ids"]
    assert processor.tokenizer.decode(ids) == "<think> 12 </think>"


def test_a_checkpoint_folder_is_copied(tiny_base, tmp_path):
    from dataclasses import replace

    prepare(backbone=plain(replace(REAL, location=str(tiny_base))), tasks=[], model=tmp_path / "base")
    assert manifest_of(tmp_path / "base").digest == manifest_of(tiny_base).digest


def test_an_unpinned_hub_checkpoint_is_refused(tmp_path):
    with pytest.raises(RlvrError, match="40-hex commit"):
        prepare(backbone=plain(REAL), tasks=[], model=tmp_path)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (None, "does not exist"),
        ({}, "no config.json"),
        ({"config.json": "{}", "pytorch_model.bin": "pickle"}, "pickled weights are not read"),
    ],
)
def test_what_is_no_checkpoint_is_named(files, message, tmp_path):
    folder = tmp_path / "model"
    if files is not None:
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
    with pytest.raises(RlvrError, match=message):
        load_model(folder)


def test_a_source_without_demonstrations_cannot_warm_up(digits_method, tmp_path):
    task = plain(digits_method.tasks[0])
    task["source"] = json.loads(json.dumps(task["source"])) | {"demonstrate": None}
    with pytest.raises(RlvrError, match="cannot warm up a tiny backbone"):
        prepare(backbone=plain(digits_method.backbone), tasks=[task], model=tmp_path)
