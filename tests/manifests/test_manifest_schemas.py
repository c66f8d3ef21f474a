from collections import Counter

import pytest
from rendered_manifests import MANIFESTS, every_overlay, needs_kustomize, of_kind, resources, text

from crd_schemas import needs_crds, problems, validators

pytestmark = needs_kustomize

CUSTOM = ("trainer.kubeflow.org/v1alpha1", "kueue.x-k8s.io/v1beta2")
BASE = {
    "ServiceAccount": 2,
    "Role": 2,
    "RoleBinding": 2,
    "TrainingRuntime": 1,
    "CronJob": 1,
    "NetworkPolicy": 7,
    "ResourceQuota": 1,
    "LimitRange": 1,
    "PersistentVolumeClaim": 1,
    "ConfigMap": 1,
}
FURTHER = {
    "standalone": {},
    "multi-user": {"ServiceAccount": 1, "RoleBinding": 1},
    "openshift": {"NetworkPolicy": 1},
    "argo": {
        "ConfigMap": 1,
        "Namespace": 1,
        "ServiceAccount": 1,
        "Role": 1,
        "RoleBinding": 1,
        "NetworkPolicy": 1,
        "ResourceQuota": 1,
        "LimitRange": 1,
    },
    "kueue": {"LocalQueue": 1, "ClusterQueue": 1, "ResourceFlavor": 1},
}


@every_overlay
def test_an_overlay_holds_these_kinds_and_no_others(overlay):
    # kubernetes-validate lets kinds that it does not know pass, so they are counted
    assert Counter(item["kind"] for item in resources(overlay)) == Counter(BASE) + Counter(FURTHER[overlay])


@every_overlay
def test_built_in_kinds_are_valid_to_the_last_field(overlay):
    import kubernetes_validate

    checked = [item for item in resources(overlay) if item["apiVersion"] not in CUSTOM]
    for item in checked:
        kubernetes_validate.validate(item, "1.36", strict=True)
    assert len(checked) == len(resources(overlay)) - (4 if overlay == "kueue" else 1)


def test_the_validation_sees_a_misspelt_field():
    import kubernetes_validate

    (job,) = of_kind("standalone", "CronJob")
    with pytest.raises(kubernetes_validate.ValidationError, match="concurencyPolicy"):
        spec = job["spec"] | {"concurencyPolicy": "Forbid"}
        kubernetes_validate.validate(job | {"spec": spec}, "1.36", strict=True)


@pytest.fixture(scope="module")
def known():
    """Strict validators of the custom resources."""
    return validators()


@needs_crds
@every_overlay
def test_custom_resources_fit_their_definitions(overlay, known):
    custom = [item for item in resources(overlay) if item["apiVersion"] in CUSTOM]
    assert custom
    assert {item["metadata"]["name"]: problems(item, known) for item in custom} == {
        item["metadata"]["name"]: [] for item in custom
    }


@every_overlay
def test_the_training_runtime_is_what_trainers_own_models_read(overlay):
    from kubeflow_trainer_api.models import TrainerV1alpha1TrainingRuntime

    (runtime,) = of_kind(overlay, "TrainingRuntime")
    assert TrainerV1alpha1TrainingRuntime.from_dict(runtime).to_dict() == runtime


@every_overlay
def test_everything_lies_in_one_namespace_and_bears_the_projects_label(overlay):
    without = {"Namespace", "ClusterQueue", "ResourceFlavor"}
    spaces = {item["metadata"].get("namespace") for item in resources(overlay) if item["kind"] not in without}
    assert len(spaces) == 1
    assert None not in spaces
    assert {item["metadata"]["labels"]["app.kubernetes.io/part-of"] for item in resources(overlay)} == {"rlvr"}
    for namespace in of_kind(overlay, "Namespace"):
        assert {namespace["metadata"]["name"]} == spaces


def test_rendering_twice_gives_the_same_bytes():
    first = text("argo")
    text.cache_clear()
    assert text("argo") == first


def test_every_yaml_file_is_tidy():
    from yamllint import linter
    from yamllint.config import YamlLintConfig

    configuration = YamlLintConfig((MANIFESTS / "yamllint.yaml").read_text())
    files = {path.relative_to(MANIFESTS).as_posix(): path.read_text() for path in MANIFESTS.rglob("*.yaml")}
    found = {name: [str(one) for one in linter.run(content, configuration)] for name, content in files.items()}
    assert {name: problems for name, problems in found.items() if problems} == {}
    assert len(files) > 20
