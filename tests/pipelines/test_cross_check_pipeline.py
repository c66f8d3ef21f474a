"""The cross-check in a pipeline: off by default, and with it two more tasks in an image of their own."""

import json
from dataclasses import replace

import pytest
import yaml

from rlvr.errors import RlvrError
from rlvr.stages.images import LMMS_EVAL, NAMES
from rlvr_pipelines.compile import compile_pipeline
from rlvr_pipelines.methods import METHODS
from rlvr_pipelines.profiles import profile


def lock(folder, *names):
    path = folder / "images.lock"
    path.write_text(json.dumps({name: f"registry.example/{name}@sha256:{'a' * 64}" for name in names}))
    return path


def compiled(target, method, locked, *, checked):
    sized = replace(profile("cluster"), cross_check=checked)
    compile_pipeline(METHODS[method], sized, target, store="s3://bucket/store", lock=locked)
    return target.read_bytes()


def executors(text):
    return next(yaml.safe_load_all(text))["deploymentSpec"]["executors"]


def test_it_is_off_by_default(tmp_path):
    assert profile("cluster").cross_check is profile("laptop").cross_check is False
    text = compiled(tmp_path / "a.yaml", "visualthinker_r1_zero", lock(tmp_path, *NAMES), checked=False)
    assert not any("cross-check" in name for name in executors(text))


def test_switched_on_it_scores_both_models_in_its_own_image(tmp_path):
    locked = lock(tmp_path, *NAMES, LMMS_EVAL)
    text = compiled(tmp_path / "a.yaml", "visualthinker_r1_zero", locked, checked=True)
    assert text == compiled(tmp_path / "b.yaml", "visualthinker_r1_zero", locked, checked=True)
    found = {name: entry["container"] for name, entry in executors(text).items() if "cross-check" in name}
    assert len(found) == 2
    assert {container["image"] for container in found.values()} == {f"registry.example/{LMMS_EVAL}@sha256:{'a' * 64}"}
    without = compiled(tmp_path / "c.yaml", "visualthinker_r1_zero", locked, checked=False)
    assert len(executors(without)) == len(executors(text)) - 2


def test_its_image_must_be_pinned_too(tmp_path):
    with pytest.raises(RlvrError, match=f"no digest for {LMMS_EVAL}"):
        compiled(tmp_path / "a.yaml", "visualthinker_r1_zero", lock(tmp_path, *NAMES), checked=True)


def test_a_method_that_shares_nothing_has_no_cross_check(tmp_path):
    text = compiled(tmp_path / "a.yaml", "metaspatial", lock(tmp_path, *NAMES), checked=True)
    assert not any("cross-check" in name for name in executors(text))
