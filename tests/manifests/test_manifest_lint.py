"""checkov over the rendered manifests: `make lint-manifests`, which gives it an environment of its own."""

import copy

import yaml
from rendered_manifests import MANIFESTS, OVERLAYS, needs_kustomize, pods, text

import checkov_scan

pytestmark = [*checkov_scan.marks, needs_kustomize]


def scan(folder):
    """What checkov found in a folder of manifests."""
    return checkov_scan.scan(folder, MANIFESTS / "checkov.yaml")


def as_job(overlay):
    """What Trainer makes of the training runtime, for checkov does not know how to read a runtime."""
    template = copy.deepcopy(pods(overlay)["TrainingRuntime rlvr-torch"])
    metadata = {"name": "training", "namespace": "rlvr"}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": template}}


def test_checkov_finds_nothing_in_any_overlay(tmp_path):
    for overlay in OVERLAYS:
        (tmp_path / f"{overlay}.yaml").write_text(text(overlay))
        (tmp_path / f"{overlay}-training.yaml").write_text(yaml.safe_dump(as_job(overlay)))
    passed, failed = scan(tmp_path)
    assert failed == []
    assert passed > 500


def test_checkov_would_find_a_privileged_pod(tmp_path):
    job = as_job("standalone")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    container["securityContext"] = {"privileged": True}
    (tmp_path / "loose.yaml").write_text(yaml.safe_dump(job))
    _, failed = scan(tmp_path)
    assert {"CKV_K8S_16", "CKV_K8S_20"} <= {check for check, *_ in failed}
