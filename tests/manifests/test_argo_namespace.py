"""Workflows of the Argo target in the namespace that the overlay makes for them."""

import pytest
import yaml
from rendered_manifests import named, needs_kustomize, of_kind

pytestmark = needs_kustomize


@pytest.fixture(scope="module")
def workflow(tmp_path_factory):
    """The specification of r1-vlm's Workflows under the cluster profile."""
    from rlvr_pipelines.argo.emit import argo_yaml
    from rlvr_pipelines.compile import pipeline_yaml
    from rlvr_pipelines.methods import method
    from rlvr_pipelines.profiles import profile

    lock = tmp_path_factory.mktemp("lock") / "images.lock"
    sized = profile("cluster")
    compiled = pipeline_yaml(method("r1_vlm"), sized, store="s3://b/p", lock=lock, allow_unpinned=True)
    (template,) = yaml.safe_load_all(argo_yaml(compiled, sized))
    return template["spec"]


def pods(workflow):
    found = [template for template in workflow["templates"] if "container" in template]
    assert len(found) > 5
    return found


def test_workflows_run_as_the_overlays_account(workflow):
    account = named("argo", "ServiceAccount", workflow["serviceAccountName"])
    (subject,) = named("argo", "RoleBinding", "rlvr-launcher")["subjects"]
    assert subject["name"] == account["metadata"]["name"]


def test_their_pods_keep_the_standard_that_the_namespace_enforces(workflow):
    assert workflow["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    for pod in pods(workflow):
        context = pod["container"]["securityContext"]
        assert context["allowPrivilegeEscalation"] is False, pod["name"]
        assert context["capabilities"] == {"drop": ["ALL"]}, pod["name"]
        assert not {"privileged", "runAsUser"} & context.keys(), pod["name"]
        for volume in pod.get("volumes", []):
            assert "hostPath" not in volume, pod["name"]


def test_their_pods_are_selected_by_the_openings(workflow):
    for pod in pods(workflow):
        labels = pod["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] == "rlvr", pod["name"]
        assert labels.get("app.kubernetes.io/component") not in ("training", "reaper"), pod["name"]


def test_their_artifacts_go_to_the_store_of_the_same_secret(workflow):
    (default,) = (
        item["metadata"]["annotations"]["workflows.argoproj.io/default-artifact-repository"]
        for item in of_kind("argo", "ConfigMap")
        if "annotations" in item["metadata"]
    )
    settings = yaml.safe_load(named("argo", "ConfigMap", "artifact-repositories")["data"][default])["s3"]
    given = {
        (variable["valueFrom"]["secretKeyRef"]["name"], variable["valueFrom"]["secretKeyRef"]["key"])
        for pod in pods(workflow)
        for variable in pod["container"]["env"]
        if "secretKeyRef" in variable.get("valueFrom", {})
    }
    assert {(settings[one]["name"], settings[one]["key"]) for one in ("accessKeySecret", "secretKeySecret")} <= given
