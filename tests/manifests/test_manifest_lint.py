"""checkov over the rendered manifests: `make lint-manifests`, which gives it an environment of its own."""

import copy
import json
import os
import shutil
import subprocess

import pytest
import yaml
from rendered_manifests import MANIFESTS, OVERLAYS, needs_kustomize, pods, text

CHECKOV = shutil.which(os.environ.get("RLVR_CHECKOV", "checkov"))

pytestmark = [
    pytest.mark.lint,
    needs_kustomize,
    pytest.mark.skipif(CHECKOV is None, reason="checkov is not installed; `make lint-manifests` installs and runs it"),
]


def scan(folder):
    """What checkov found in a folder: passed checks, and the failed ones by check and object."""
    command = [
        CHECKOV,
        "--config-file",
        str(MANIFESTS / "checkov.yaml"),
        "--directory",
        str(folder),
        "--output",
        "json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    failed = [(one["check_id"], one["check_name"], one["resource"]) for one in found["results"]["failed_checks"]]
    return found["summary"]["passed"], failed


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
