"""Names on which the pipelines' profiles and the manifests have to agree."""

import tomllib
from importlib.resources import files

import pytest
import yaml
from kubernetes.utils.quantity import parse_quantity
from rendered_manifests import MANIFESTS, every_overlay, named, needs_kustomize, of_kind
from rendered_manifests import pods as pods_of

every_profile = pytest.mark.parametrize("name", ["node", "cluster"])


def pods(name):
    """What a profile says of all pods, and of each kind of them."""
    text = (files("rlvr_pipelines") / "profiles" / f"{name}.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)["pods"]
    return [table, *(part for part in table.values() if isinstance(part, dict))]


@every_profile
def test_pods_bear_the_label_that_network_policies_select(name):
    assert pods(name)[0]["labels"]["app.kubernetes.io/part-of"] == "rlvr"
    for part in pods(name):
        given = part.get("labels", {})
        assert given.get("app.kubernetes.io/component") not in ("training", "reaper"), "theirs have other openings"


@every_profile
def test_every_secret_of_a_profile_has_a_template_with_its_keys(name):
    found = [yaml.safe_load(path.read_text()) for path in (MANIFESTS / "templates").glob("*.yaml")]
    templates = {secret["metadata"]["name"]: secret["stringData"].keys() for secret in found}
    wanted = [
        (secret, key)
        for part in pods(name)
        for kind in ("secrets", "optional_secrets")
        for secret, keys in part.get(kind, {}).items()
        for key in keys.values()
    ]
    assert {secret for secret, _ in wanted} <= templates.keys()
    assert [(secret, key) for secret, key in wanted if key not in templates[secret]] == []
    assert ("rlvr-object-store", "AWS_SECRET_ACCESS_KEY") in wanted


@every_profile
def test_the_signing_key_is_mounted_where_its_template_says(name):
    secret = yaml.safe_load((MANIFESTS / "templates/signing-key.yaml").read_text())
    folder, _, file = secret["stringData"]["path"].rpartition("/")
    assert pods(name)[0]["optional_secret_folders"] == {secret["metadata"]["name"]: folder}
    assert file in secret["stringData"]


@needs_kustomize
def test_what_the_cluster_profile_mentions_is_there():
    text = (files("rlvr_pipelines") / "profiles" / "cluster.toml").read_text(encoding="utf-8")
    for field, kind in (
        ("runtime", "TrainingRuntime"),
        ("queue", "LocalQueue"),
        ("volume_claim", "PersistentVolumeClaim"),
    ):
        (line,) = (line for line in text.splitlines() if line.lstrip("# ").startswith(f"{field} = "))
        assert named("kueue", kind, line.split('"')[1])


def training():
    """What the TrainJobs of the cluster profile ask for: resources of all nodes together."""
    text = (files("rlvr_pipelines") / "profiles" / "cluster.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    pod, nodes = table["pods"]["train"], table["scale"]["nodes"]
    asked = {"cpu": pod["cpu"], "memory": pod["memory"], pod["gpu_type"]: pod["gpu"]}
    return {name: nodes * parse_quantity(str(value)) for name, value in asked.items()}


@needs_kustomize
def test_the_queue_covers_every_resource_of_training_and_admits_it():
    # Kueue never admits a workload that asks for a resource which its queue does not cover
    (group,) = named("kueue", "ClusterQueue", "rlvr")["spec"]["resourceGroups"]
    (flavor,) = group["flavors"]
    quota = {one["name"]: parse_quantity(one["nominalQuota"]) for one in flavor["resources"]}
    assert quota.keys() == set(group["coveredResources"])
    runtime = pods_of("kueue")["TrainingRuntime rlvr-torch"]["spec"]["containers"][0]["resources"]["requests"]
    defaults = named("kueue", "LimitRange", "rlvr-scratch")["spec"]["limits"][0]["defaultRequest"]
    assert {*training(), *runtime, *defaults} <= quota.keys()
    assert {name: need for name, need in training().items() if need > quota[name]} == {}


@needs_kustomize
@every_overlay
def test_quotas_let_the_cluster_profile_train(overlay):
    quotas = [item["spec"]["hard"] for item in of_kind(overlay, "ResourceQuota")]
    hard = {name: parse_quantity(value) for one in quotas for name, value in one.items()}
    assert "requests.nvidia.com/gpu" in hard
    assert {name: need for name, need in training().items() if need > hard.get(f"requests.{name}", need)} == {}
    assert {name: need for name, need in training().items() if need > hard.get(f"limits.{name}", need)} == {}
