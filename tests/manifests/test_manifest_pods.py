import re

from rendered_manifests import MANIFESTS, every_overlay, named, needs_kustomize, of_kind, pods, resources

from rlvr.launch.cluster import NODE
from rlvr.training import TrainJob

pytestmark = needs_kustomize

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
"""What the restricted pod security standard allows."""
DIGEST = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")


@every_overlay
def test_every_pod_keeps_the_restricted_standard(overlay):
    assert pods(overlay).keys() == {"TrainingRuntime rlvr-torch", "CronJob rlvr-reaper"}
    for name, pod in pods(overlay).items():
        spec = pod["spec"]
        assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & spec.keys(), name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert "runAsUser" not in spec["securityContext"], "OpenShift chooses it, elsewhere the image does"
        for volume in spec["volumes"]:
            assert volume.keys() - {"name"} <= VOLUMES, name
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["runAsNonRoot"] is True, name
            assert context["readOnlyRootFilesystem"] is True, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert not {"privileged", "procMount", "runAsUser"} & context.keys(), name
            assert not [port for port in container.get("ports", []) if "hostPort" in port], name


@every_overlay
def test_every_container_has_limits_and_an_image_by_digest(overlay):
    for name, pod in pods(overlay).items():
        for container in pod["spec"]["containers"]:
            assert container["resources"]["requests"].keys() == {"cpu", "memory", "ephemeral-storage"}, name
            assert container["resources"]["limits"].keys() == {"cpu", "memory", "ephemeral-storage"}, name
            assert DIGEST.fullmatch(container["image"]), name


@every_overlay
def test_only_the_reaper_holds_a_token(overlay):
    tokens = {name: pod["spec"]["automountServiceAccountToken"] for name, pod in pods(overlay).items()}
    assert tokens == {"TrainingRuntime rlvr-torch": False, "CronJob rlvr-reaper": True}
    accounts = {pod["spec"]["serviceAccountName"] for pod in pods(overlay).values()}
    assert accounts == {"rlvr-training", "rlvr-reaper"}
    assert accounts <= {item["metadata"]["name"] for item in of_kind(overlay, "ServiceAccount")}


@every_overlay
def test_what_a_pod_may_write_to_is_a_volume(overlay):
    for pod in pods(overlay).values():
        volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
        (container,) = pod["spec"]["containers"]
        mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
        assert set(mounts.values()) == volumes
        assert "/tmp" in mounts
        variables = {variable["name"]: variable["value"] for variable in container.get("env", [])}
        assert {variables.get("HOME", "/tmp"), variables.get("TMPDIR", "/tmp")} <= mounts.keys()
        assert container.get("workingDir", "/tmp") in mounts


@every_overlay
def test_shared_memory_is_memory_with_a_size(overlay):
    spec = pods(overlay)["TrainingRuntime rlvr-torch"]["spec"]
    shm = next(volume for volume in spec["volumes"] if volume["name"] == "shm")
    assert shm["emptyDir"] == {"medium": "Memory", "sizeLimit": "64Gi"}
    assert all("sizeLimit" in volume["emptyDir"] for volume in spec["volumes"])


@every_overlay
def test_the_runtime_is_the_one_that_training_stages_ask_for(overlay):
    runtime = named(overlay, "TrainingRuntime", TrainJob().runtime)
    assert runtime["spec"]["mlPolicy"] == {"numNodes": 1, "torch": {}}
    (job,) = runtime["spec"]["template"]["spec"]["replicatedJobs"]
    (container,) = job["template"]["spec"]["template"]["spec"]["containers"]
    assert (job["name"], container["name"]) == (NODE, NODE)
    assert job["template"]["metadata"]["labels"] == {"trainer.kubeflow.org/trainjob-ancestor-step": "trainer"}
    assert job["template"]["spec"]["backoffLimit"] == 0, "who launched the job begins it again"


def test_openshift_chooses_user_and_group():
    assert "fsGroup" not in pods("openshift")["TrainingRuntime rlvr-torch"]["spec"]["securityContext"]
    assert pods("standalone")["TrainingRuntime rlvr-torch"]["spec"]["securityContext"]["fsGroup"] == 1001


@every_overlay
def test_no_overlay_holds_a_secret(overlay):
    assert of_kind(overlay, "Secret") == []
    for item in resources(overlay):
        assert not re.search(
            r"(?i)PRIVATE KEY|AKIA[0-9A-Z]{16}|(password|secret\w*key)['\"]?: *['\"]?[\w+/]", str(item)
        )


def test_templates_of_secrets_hold_placeholders_alone():
    import yaml

    for path in sorted((MANIFESTS / "templates").glob("*.yaml")):
        secret = yaml.safe_load(path.read_text())
        assert secret["kind"] == "Secret"
        for name, value in secret["stringData"].items():
            assert name == "path" or re.fullmatch(r"<[^<>]+>", value.strip()), f"{path.name}: {name}"
