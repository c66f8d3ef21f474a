"""checkov over the pods of compiled pipelines: `make lint-manifests`."""

from pathlib import Path

import yaml
from pipeline_pods import pods

import checkov_scan
from rlvr_pipelines.methods import METHODS

pytestmark = checkov_scan.marks
CONFIGURATION = Path(__file__).parents[2] / "manifests/checkov-pipelines.yaml"


def written(folder, sized, change=lambda pod: None):
    for method in (name for name in METHODS if "/" not in name):
        found = list(pods(method, sized))
        for pod in found:
            name = f"{method}-{pod['metadata']['name']}".replace("_", "-")
            pod["metadata"] = {**pod["metadata"], "name": name, "namespace": "rlvr"}
            change(pod)
        (folder / f"{method}.yaml").write_text(yaml.safe_dump_all(found))


def test_checkov_finds_nothing_in_the_pods_of_any_method_on_a_cluster(tmp_path):
    for sized in ("node", "cluster"):
        (tmp_path / sized).mkdir()
        written(tmp_path / sized, sized)
    passed, failed = checkov_scan.scan(tmp_path, CONFIGURATION)
    assert failed == [] and passed > 10_000


def test_checkov_would_find_a_pod_of_root(tmp_path):
    def loosen(pod):
        pod["spec"]["containers"][0]["securityContext"] = {"privileged": True}

    written(tmp_path, "cluster", loosen)
    assert {"CKV_K8S_16", "CKV_K8S_20"} <= {check for check, *_ in checkov_scan.scan(tmp_path, CONFIGURATION)[1]}
