"""What the launching code asks of a cluster, held against the rights that the manifests grant."""

import re

import pytest
import yaml
from kubernetes.client import ApiClient
from rendered_manifests import named, needs_kustomize
from test_manifest_rights import granted

from rlvr.launch.cluster import ARGO, KUEUE, TRAINER, Cluster
from rlvr.launch.reaper import reap
from rlvr.launch.train_job import WORKFLOW

pytestmark = needs_kustomize

PATH = re.compile(r"/(?:api/v1|apis/{group}/{version})/namespaces/{namespace}/(?P<rest>.+)")
VERBS = {"POST": "create", "DELETE": "delete"}
CALLS = {
    "pod": lambda cluster: cluster.pod("a"),
    "pods": lambda cluster: cluster.pods("a"),
    "events": lambda cluster: cluster.events("a"),
    "resource": lambda cluster: [
        cluster.resource(*each, "a")
        for each in ((ARGO, "workflows"), (TRAINER, "trainingruntimes"), (KUEUE, "localqueues"))
    ],
    "train_job": lambda cluster: cluster.train_job("a"),
    "train_jobs": lambda cluster: cluster.train_jobs({"a": "b"}),
    "create_train_job": lambda cluster: cluster.create_train_job({"metadata": {"name": "a"}}),
    "delete_train_job": lambda cluster: cluster.delete_train_job("a"),
    "watch_train_job": lambda cluster: list(cluster.watch_train_job("a", "1", 1)),
    "log": lambda cluster: list(cluster.log("a")),
}
"""Every request that the launcher can make."""


class Answer(dict):
    """What any request is answered with."""

    def __enter__(self):
        return self

    def __exit__(self, *rest):
        return None

    def stream(self, *rest, **further):
        return iter(())

    def close(self):
        return None

    release_conn = close


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """A cluster's client that notes what it would ask for, as (group/resource, verb)."""
    account = {"clusters": [{"name": "a", "cluster": {"server": "http://127.0.0.1:1"}}], "current-context": "a"}
    account |= {
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "users": [{"name": "a", "user": {}}],
    }
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(account))
    monkeypatch.setenv("KUBECONFIG", str(file))
    asked = set()

    def call_api(self, path, method, path_params=None, query_params=None, *rest, **further):
        given = dict(path_params)
        found = PATH.fullmatch(path)
        parts = found["rest"].format_map(given).split("/")
        resource = "/".join(parts[::2])
        queries = dict(query_params or ())
        reading = "watch" if queries.get("watch") else "get" if "{name}" in path else "list"
        asked.add((f"{given.get('group', '')}/{resource}", VERBS.get(method, reading)))
        workflow = {"metadata": {"name": "job", "labels": {WORKFLOW: "flow"}}, "status": {"phase": "Failed"}}
        return Answer(metadata={"uid": "1"}, status=workflow["status"], items=[workflow])

    monkeypatch.setattr(ApiClient, "call_api", call_api)
    client = Cluster("somewhere")
    client.asked = asked
    return client


def test_the_launchers_rights_are_what_it_asks_for_and_no_more(cluster):
    methods = {name for name, value in vars(Cluster).items() if callable(value) and not name.startswith("_")}
    assert CALLS.keys() == methods
    for call in CALLS.values():
        call(cluster)
    assert cluster.asked == granted(named("standalone", "Role", "rlvr-launcher"))


def test_the_reapers_rights_are_what_it_asks_for_and_no_more(cluster):
    assert reap(cluster) == ["job"]
    assert cluster.asked == granted(named("standalone", "Role", "rlvr-reaper"))
