"""The Hub client against a server that speaks the few routes it asks, and against no server at all."""

import hashlib
import time

import huggingface_hub.constants
import pytest

from rlvr.backbones.backbone import Backbone
from rlvr.backbones.prepare import prepare
from rlvr.canonical import plain
from rlvr.errors import RlvrError
from rlvr.hub import fetch_snapshot, stated_digests
from stand_in_hub import COMMIT, git_sha1, point_to, served

FILES = {
    "README.md": b"card",
    "data/train-0.parquet": b"train",
    "test.parquet": b"test",
    "config.json": b"{}",
    "model.safetensors": b"weights",
    "pytorch_model.bin": b"pickled weights",
    "modeling.py": b"code",
}


@pytest.fixture
def endpoint(monkeypatch, tmp_path):
    """A Hub on this machine and an empty cache."""
    with served(FILES, tmp_path / "cache", monkeypatch):
        yield


def test_only_matching_files_are_fetched(endpoint):
    folder = fetch_snapshot("me/items", COMMIT, "data/train-*.parquet")
    assert [path.read_bytes() for path in folder.glob("**/*") if path.is_file()] == [b"train"]
    folder = fetch_snapshot("me/items", COMMIT, "**/*.parquet")
    assert sorted(path.read_bytes() for path in folder.glob("**/*.parquet")) == [b"test", b"train"]


def test_a_checkpoint_comes_without_pickles_and_code(endpoint, tmp_path):
    backbone = Backbone(hub_id="me/items", revision=COMMIT, architecture="qwen2_vl", licence="MIT")
    prepare(backbone=plain(backbone), tasks=[], model=tmp_path / "base")
    assert sorted(path.name for path in (tmp_path / "base").iterdir()) == ["config.json", "model.safetensors"]


REMEDIES = {
    "me/gated": "is gated; accept its terms on the Hub's page datasets/me/gated, then set HF_TOKEN",
    "me/gated_unknown": "is gated; accept its terms",
    "me/private": "no data set me/private at commit 0123.*private; check the id, and set HF_TOKEN",
    "me/absent": "no data set me/absent at commit 0123.*check the id",
    "no/such/id": "no data set no/such/id .*check the id",
    "me/disabled": "was disabled on the Hub; set the location to the folder or s3://",
    "me/forbidden": r"refuses the data set me/forbidden .* \(status 403\); set HF_TOKEN to a valid token with read",
    "me/bad_token": r"refuses the data set me/bad_token .* \(status 401\); set HF_TOKEN",
}


@pytest.mark.parametrize("hub_id", REMEDIES)
def test_what_the_hub_refuses_comes_with_its_remedy(endpoint, hub_id):
    with pytest.raises(RlvrError, match=REMEDIES[hub_id]):
        fetch_snapshot(hub_id, COMMIT, "*")
    with pytest.raises(RlvrError, match=REMEDIES[hub_id]):
        stated_digests(hub_id, COMMIT)


def test_a_commit_that_is_not_there_is_told_apart_from_a_data_set_that_is_not(endpoint):
    with pytest.raises(RlvrError, match=r"has the data set me/items, but not its commit f+; take the full commit"):
        fetch_snapshot("me/items", "f" * 40, "*")
    with pytest.raises(RlvrError, match=r"has the data set me/items, but not its commit f+; take the full commit"):
        stated_digests("me/items", "f" * 40)


def test_digests_come_page_by_page_of_large_and_small_files(endpoint):
    expected = {name: f"git:{git_sha1(content)}" for name, content in FILES.items()}
    for name in ("data/train-0.parquet", "test.parquet", "model.safetensors"):
        expected[name] = f"sha256:{hashlib.sha256(FILES[name]).hexdigest()}"
    assert stated_digests("me/items", COMMIT) == expected


def test_a_hub_that_fails_is_no_statement(endpoint, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)  # the client waits between its tries
    with pytest.raises(RlvrError, match=r"could not be asked about the data set me/broken .*run again where"):
        stated_digests("me/broken", COMMIT)


def test_unreachable_hub(endpoint, monkeypatch):
    point_to("http://127.0.0.1:9", monkeypatch)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)  # the client waits between its tries
    with pytest.raises(RlvrError, match=r"could not be fetched.*folder or to s3://bucket/prefix"):
        fetch_snapshot("me/items", COMMIT, "*")


def test_offline_mode(endpoint, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(RlvrError, match=r"could not be fetched.*folder or to s3://bucket/prefix"):
        fetch_snapshot("me/items", COMMIT, "*")
