"""Addresses that data or settings may name: only the kinds that are meant, and nothing of a cloud's insides."""

import socket
from dataclasses import replace

import pytest

from rlvr.data.load import raw_rows
from rlvr.errors import RlvrError
from rlvr.store import open_store
from rlvr_pipelines.methods import METHODS

INSIDE = (
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/",
    "http://metadata.google.internal/",
    "http://localhost:2375/containers/json",
    "https://kubernetes.default.svc/api",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "ftp://127.0.0.1/x",
    "ldap://127.0.0.1/x",
    "dict://127.0.0.1:11211/",
    "jar:http://127.0.0.1/x!/y",
    "//127.0.0.1/share",
)


@pytest.fixture
def offline(monkeypatch):
    """Every connection and name that is asked for; none is made."""
    asked = []

    def refuse(self, address, *_):
        asked.append(address)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: refuse(None, host))
    monkeypatch.setattr(socket, "create_connection", lambda address, *_, **__: refuse(None, address))
    return asked


@pytest.mark.parametrize("address", INSIDE)
def test_a_data_source_cannot_be_an_address_of_another_kind(address, offline):
    source = replace(METHODS["r1_v"].tasks[0].source, location=address)
    with pytest.raises(RlvrError):
        next(raw_rows(source, 0))
    assert offline == []


@pytest.mark.parametrize("address", INSIDE)
def test_a_base_model_cannot_be_an_address_of_another_kind(address, offline, tmp_path):
    from rlvr.backbones.checkpoint import fetch

    backbone = replace(METHODS["r1_v"].backbone, location=address)
    with pytest.raises(RlvrError):
        fetch(backbone, tmp_path)
    assert offline == []


@pytest.mark.parametrize("address", INSIDE[:-1])
def test_a_store_cannot_be_an_address_of_another_kind(address, offline):
    with pytest.raises(RlvrError):
        open_store(address).keys("records/")
    assert offline == []


@pytest.mark.parametrize("commit", ["main", "v1.0", "0" * 39, "0" * 41, "../" + "0" * 37, "refs/pr/1", ""])
def test_the_hub_is_read_at_a_commit_alone(commit, offline):
    source = replace(METHODS["r1_v"].tasks[0].source, location=f"hub:me/data@{commit}")
    with pytest.raises(RlvrError, match="commit"):
        next(raw_rows(source, 0))
    assert offline == []


@pytest.mark.parametrize("hub_id", ["../../etc", "http://evil.example/x", "a/b/c/d", "me/data?x=1", "me/..", "-flag/x"])
def test_a_name_on_the_hub_leads_to_nowhere_else(hub_id, offline, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    source = replace(METHODS["r1_v"].tasks[0].source, location=f"hub:{hub_id}@{'0' * 40}")
    with pytest.raises(RlvrError):
        next(raw_rows(source, 0))
    assert offline == []
