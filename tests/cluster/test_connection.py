"""Who asks, and where: tokens from file, environment and pod, kubeconfig; and no secret in what is shown."""

import json
import logging

import pytest
from kfp_connection import connected
from kfp_server import PROXY, TOKEN, KfpServer

from rlvr.errors import RlvrError
from rlvr_pipelines.kubeflow.submission import ensure_experiment, submit


@pytest.fixture
def guarded():
    running = KfpServer(multi_user=True, token=TOKEN)
    yield running
    running.stop()
    assert running.broken == []


def token_file(monkeypatch, path):
    path.write_text(f"{TOKEN}\n")
    return {"token_file": path}


def environment(monkeypatch, path):
    monkeypatch.setenv("RLVR_KFP_TOKEN", TOKEN)
    return {}


def environment_file(monkeypatch, path):
    path.write_text(TOKEN)
    monkeypatch.setenv("RLVR_KFP_TOKEN_FILE", str(path))
    return {}


def service_account(monkeypatch, path):
    path.write_text(TOKEN)
    monkeypatch.setattr("rlvr_pipelines.kubeflow.tokens.MOUNTED", path)
    return {}


def service_account_elsewhere(monkeypatch, path):
    path.write_text(TOKEN)
    monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(path))
    return {}


WAYS = [token_file, environment, environment_file, service_account, service_account_elsewhere]


@pytest.mark.parametrize("way", WAYS)
def test_a_token_opens_the_door_and_is_shown_nowhere(guarded, monkeypatch, tmp_path, way, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    connection = connected(guarded, namespace="team-a", **way(monkeypatch, tmp_path / "token"))
    assert ensure_experiment(connection, "rlvr") in guarded.experiments
    assert guarded.experiments["experiment-1"]["namespace"] == "team-a"
    guarded.token = "renewed"
    with pytest.raises(RlvrError, match="--token-file") as raised:
        ensure_experiment(connection, "rlvr")
    seen = [str(raised.value), repr(connection), *capfd.readouterr(), caplog.text]
    assert not any(TOKEN in text for text in seen)
    assert list((tmp_path / "home").rglob("*")) == []


def test_a_renewed_token_file_is_read_again(guarded, tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN)
    connection = connected(guarded, namespace="team-a", token_file=path)
    guarded.token = "renewed"
    path.write_text("renewed")
    assert ensure_experiment(connection, "rlvr")


@pytest.mark.parametrize("content", ["", "two words", "line\nbreak", b"\xff\xfe"])
def test_what_is_no_token_is_refused_before_it_is_sent(guarded, tmp_path, content):
    path = tmp_path / "token"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RlvrError, match="token"):
        connected(guarded, namespace="team-a", token_file=path)
    assert guarded.requests == []


def test_without_a_token_the_remedy_is_told(guarded):
    with pytest.raises(RlvrError, match="401 .no user identity|401 .*--token-file"):
        connected(guarded, namespace="team-a")


def test_users_kept_apart_must_say_who_they_are(guarded, tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN)
    with pytest.raises(RlvrError, match="--namespace"):
        connected(guarded, token_file=path)


OPEN = {
    "http://user:pass@host": "user name or password",
    "ftp://host": "not a URL",
    "http://kfp.example": "unencrypted",
}


@pytest.mark.parametrize("host", OPEN)
def test_addresses_that_would_give_secrets_away_are_refused(server, tmp_path, host):
    path = tmp_path / "token"
    path.write_text(TOKEN)
    with pytest.raises(RlvrError, match=OPEN[host]) as raised:
        connected(server, host=host, token_file=path)
    assert "pass@" not in str(raised.value) and TOKEN not in str(raised.value)


def test_a_kubeconfig_leads_every_request_through_its_api_server(server, packages, tmp_path, monkeypatch):
    cluster = {"name": "c", "cluster": {"server": server.url}}
    config = {
        "apiVersion": "v1", "kind": "Config", "current-context": "x", "clusters": [cluster],
        "users": [{"name": "u", "user": {"token": TOKEN}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    }  # fmt: skip
    (tmp_path / "config").write_text(json.dumps(config))
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "config"))
    server.token = TOKEN
    connection = connected(server, host="")
    server.fail("POST", "/runs", status=503, times=2)
    done = submit(connection, packages[0], {"seed": 1}, experiment="rlvr")
    assert done.run_id in server.runs and len(server.paths) > 8
    assert all(path.startswith(f"{PROXY}/apis/v2beta1/") for path in server.paths)
    with pytest.raises(RlvrError, match="kubeconfig cannot be used"):
        connected(server, host="", context="absent")


def test_in_a_pod_the_cluster_s_own_service_is_asked(monkeypatch):
    from rlvr_pipelines.kubeflow.connection import Address, _host

    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert _host(Address()) == "http://ml-pipeline.kubeflow.svc.cluster.local:8888"
    assert _host(Address(host="kfp.example/pipeline/")) == "https://kfp.example/pipeline"


@pytest.mark.parametrize("namespace", ["team-a", "team-b"])
def test_users_see_their_own_experiments_alone(guarded, tmp_path, namespace):
    path = tmp_path / "token"
    path.write_text(TOKEN)
    for name in ("team-a", "team-b"):
        ensure_experiment(connected(guarded, namespace=name, token_file=path), "rlvr")
    assert len(guarded.experiments) == 2
    ensure_experiment(connected(guarded, namespace=namespace, token_file=path), "rlvr")
    assert len(guarded.experiments) == 2
