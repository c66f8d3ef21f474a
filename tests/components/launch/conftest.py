"""A cluster that knows this process as the pod of a pipeline's stage."""

import pytest
from kube_server import QUEUES, RUNTIMES, WORKFLOWS, KubeServer

from rlvr.launch.cluster import Cluster
from rlvr.launch.waiting import Rhythm
from rlvr.patience import Patience
from rlvr.progress import VARIABLE, read

IMAGE = "registry.example/rlvr-train@sha256:" + "0" * 64


@pytest.fixture
def kube(tmp_path, monkeypatch):
    """The API server, with the stage's own pod, its Workflow, a runtime and a queue; KUBECONFIG names it."""
    server = KubeServer()
    server.put(RUNTIMES, {"metadata": {"name": "rlvr-torch"}})
    server.put(QUEUES, {"metadata": {"name": "gpus"}})
    server.put(WORKFLOWS, {"metadata": {"name": "flow-x", "uid": "uid-of-flow"}, "spec": {}, "status": {}})
    environment = [
        {"name": "AWS_ENDPOINT_URL", "value": "http://objects:9000"},
        {"name": "AWS_ACCESS_KEY_ID", "valueFrom": {"secretKeyRef": {"name": "objects", "key": "id"}}},
        {"name": "KFP_POD_UID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}},
        {"name": "RLVR_PROGRESS", "value": "/somewhere"},
        {"name": "RLVR_SIGNING_KEY", "valueFrom": {"secretKeyRef": {"name": "signing", "key": "path"}}},
        {"name": "OPENLINEAGE_API_KEY", "valueFrom": {"secretKeyRef": {"name": "events", "key": "key"}}},
        {"name": "RLVR_PIPELINE", "value": "sha256:12"},
        {"name": "RLVR_RUN", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['pipeline/runid']"}}},
        {"name": "AWS_CA_BUNDLE", "value": "/etc/authority/ca.crt"},
        {"name": "RLVR_MODEL_REGISTRY_TOKEN", "valueFrom": {"secretKeyRef": {"name": "registry", "key": "token"}}},
        {"name": "RLVR_JUDGE_KEY", "valueFrom": {"secretKeyRef": {"name": "judge", "key": "key", "optional": True}}},
        {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/var/run/token"},
        {"name": "PATH", "value": "/bin"},
    ]
    volumes = [
        {"name": "signing", "secret": {"secretName": "signing", "optional": True}},
        {"name": "authority", "configMap": {"name": "authority"}},
        {"name": "var-run-argo", "emptyDir": {}},
        {"name": "kube-api-access", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}},
    ]
    places = {
        "signing": "/etc/rlvr/signing",
        "authority": "/etc/authority",
        "var-run-argo": "/var/run/argo",
        "kube-api-access": "/var/run/secrets/kubernetes.io/serviceaccount",
    }
    mounts = [{"name": name, "mountPath": path} for name, path in places.items()]
    main = {"name": "main", "image": IMAGE, "env": environment, "volumeMounts": mounts}
    containers = [{"name": "wait", "image": "argoexec"}, main]
    server.pods["stage-pod"] = {
        "metadata": {
            "name": "stage-pod",
            "labels": {"pipeline/runid": "run-1", "workflows.argoproj.io/workflow": "flow-x"},
        },
        "spec": {"containers": containers, "imagePullSecrets": [{"name": "pull"}], "volumes": volumes},
    }
    monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(tmp_path / "kubeconfig")))
    monkeypatch.setenv("KFP_POD_NAME", "stage-pod")
    monkeypatch.delenv("POD_NAMESPACE", raising=False)
    yield server
    server.stop()
    assert server.denied == set(), "the launcher asks for what its Role does not grant"


@pytest.fixture
def cluster(kube):
    """The client, in a hurry."""
    return Cluster(patience=Patience(first_seconds=0.01, longest_seconds=0.05, total_seconds=1))


@pytest.fixture
def pace():
    """Watches of two seconds."""
    return Rhythm(watch_seconds=2, poll_seconds=0.05, pause_seconds=0.02)


@pytest.fixture
def progress(tmp_path, monkeypatch):
    """The progress lines so far."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "progress"))
    return lambda: read(tmp_path / "progress")[0]
