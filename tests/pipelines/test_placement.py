"""What compiled pipelines ask of a cluster, task by task."""

from dataclasses import replace

import pytest
from compiled_pipelines import LOCK, executors, tasks, write_compiled
from google.protobuf import json_format
from kfp.kubernetes.kubernetes_executor_config_pb2 import KubernetesExecutorConfig

from rlvr.errors import RlvrError
from rlvr.lineage.pipeline_digest import pipeline_digest
from rlvr.training import Merge
from rlvr_pipelines.methods import METHODS
from rlvr_pipelines.placement import Placement, Toleration
from rlvr_pipelines.profiles import profile

PRINCIPAL = [name for name in METHODS if "/" not in name]
DAY = 86_400
LARGER = {"kimi_vl_thinking": {"memory": "640Gi"}}
"""What training pods of a method ask for otherwise: a model that offloads its optimiser, see profiles/node.toml."""
NODE = {  # executor's image -> what its GPU tasks ask for
    "rlvr-train": {"gpu": "8", "cpu": "64", "memory": "512Gi", "shm": "64Gi", "timeout": 7 * DAY},
    "rlvr-evaluate": {"gpu": "1", "cpu": "16", "memory": "128Gi", "shm": "16Gi", "timeout": 3 * DAY},
}
SECRETS = [
    ("rlvr-object-store", False, {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}),
    ("rlvr-object-store", True, {"AWS_ENDPOINT_URL", "AWS_REGION"}),
    ("rlvr-hub", True, {"HF_TOKEN"}),
    ("rlvr-judge", True, {"RLVR_JUDGE_URL", "RLVR_JUDGE_KEY"}),
    ("rlvr-openlineage", True, {"OPENLINEAGE_URL", "OPENLINEAGE_API_KEY"}),
    ("rlvr-signing-key", True, {"RLVR_SIGNING_KEY"}),
]


def strict(asked):
    """Refuses what Kubeflow's own message does not know."""
    json_format.ParseDict(asked, KubernetesExecutorConfig())
    return asked


def secrets(asked):
    return [
        (entry["secretName"], entry["optional"], {pair["envVar"] for pair in entry["keyToEnv"]})
        for entry in asked["secretAsEnv"]
    ]


def wants_gpu(container):
    return "accelerator" in container.get("resources", {})


@pytest.mark.parametrize("method", PRINCIPAL)
def test_every_gpu_task_on_a_node(method):
    found = executors(method, "node")
    training = [stage for stage in METHODS[method].stages if not isinstance(stage, Merge)]
    assert sum(wants_gpu(container) for container, _ in found.values()) == len(training) + 2
    for container, asked in found.values():
        if not wants_gpu(container):
            continue
        name = next(name for name, image in LOCK.items() if image == container["image"])
        want = NODE[name] | (LARGER.get(method, {}) if name == "rlvr-train" else {})
        resources = container["resources"]
        gpus = resources["accelerator"]
        assert (gpus["resourceType"], gpus["resourceCount"]) == ("nvidia.com/gpu", want["gpu"])
        assert resources["resourceCpuLimit"] == resources["resourceCpuRequest"] == want["cpu"]
        assert resources["resourceMemoryLimit"] == resources["resourceMemoryRequest"] == want["memory"]
        shm = {"volumeName": "shm", "mountPath": "/dev/shm", "medium": "Memory", "sizeLimit": want["shm"]}
        assert strict(asked)["emptyDirMounts"] == [shm]
        assert asked["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
        assert int(asked["activeDeadlineSeconds"]) == want["timeout"]
        assert secrets(asked) == SECRETS


@pytest.mark.parametrize("sized", ["node", "cluster"])
@pytest.mark.parametrize("method", PRINCIPAL)
def test_every_task_is_hardened_labelled_retried_and_not_cached(method, sized):
    found = executors(method, sized)
    for task, executor in tasks(method, sized):
        if executor is None:
            continue
        container, asked = found[executor]
        retry = task["retryPolicy"]
        launches = container["resources"]["resourceCpuLimit"] == "1"
        times, pause, factor = (5, "30s", 1.0) if launches else (3, "60s", 2.0)
        assert retry == {
            "maxRetryCount": times,
            "backoffDuration": pause,
            "backoffFactor": factor,
            "backoffMaxDuration": f"{14 * DAY}s",
        }
        assert task["cachingOptions"] == {}
        assert strict(asked)["securityContext"] == {"runAsNonRoot": True}
        assert asked["podMetadata"]["labels"] == {"app.kubernetes.io/part-of": "rlvr"}
        assert secrets(asked) == SECRETS
        (key,) = asked["secretAsVolume"]
        assert (key["secretName"], key["mountPath"], key["optional"]) == ("rlvr-signing-key", "/etc/rlvr/signing", True)
        assert {"name": "RLVR_RUN", "fieldPath": "metadata.labels['pipeline/runid']"} in asked["fieldPathAsEnv"]
        assert {"name": "RLVR_IMAGE", "value": container["image"]} in container["env"]


@pytest.mark.parametrize("method", PRINCIPAL)
def test_on_a_cluster_training_is_launched_from_small_pods_and_cleaned_up(method):
    found = executors(method, "cluster")
    gpus = [container for container, _ in found.values() if wants_gpu(container)]
    assert len(gpus) == 2 and {container["image"] for container in gpus} == {LOCK["rlvr-evaluate"]}
    (cleanup,) = [task for task, executor in tasks(method, "cluster") if executor == "exec-cleanup"]
    assert cleanup["triggerPolicy"] == {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}
    assert cleanup["cachingOptions"] == {} and cleanup["dependentTasks"] == ["exit-handler-1"]
    scale = profile("cluster").scale
    assert (scale.nodes, scale.processes, scale.job.gpu) == (2, 8, 8)
    assert (scale.job.cpu, scale.job.memory, scale.job.deadline_seconds) == ("64", "900Gi", 7 * DAY)
    assert scale.job.tolerations == ({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},)


def test_the_laptop_profile_asks_nothing_and_cleans_nothing_up():
    for container, asked in executors("r1_v", "laptop").values():
        assert "resources" not in container and set(asked) == {"fieldPathAsEnv"}
    assert not [executor for _, executor in tasks("r1_v", "laptop") if executor == "exec-cleanup"]


def test_every_setting_reaches_the_platform_specification():
    import yaml

    placement = Placement(
        cpu="500m", memory="1Gi", gpu=2, gpu_type="amd.com/gpu", shm="2Gi", node_selector={"zone": "a"},
        tolerations=(Toleration(key="gpu", operator="Equal", value="yes", effect="NoExecute"), Toleration()),
        environment={"NCCL_DEBUG": "WARN"}, secrets={"s": {"V": "k"}}, secret_folders={"signing": "/keys"},
        config_map_folders={"trusted": "/trusted"}, volume_claim="shared", labels={"team": "a"},
        annotations={"note": "b"}, queue="gpus", priority="high", timeout_seconds=60, retries=1, backoff_seconds=5,
        backoff_factor=3, retry_window_seconds=50, cached=True, non_root=True, pull_policy="Always",
        pull_secrets=("registry",),
    )  # fmt: skip
    sized = profile("laptop")
    text = write_compiled("r1_vlm", replace(sized, pods={**sized.pods, "evaluate": placement}))
    spec, platform = yaml.safe_load_all(text)
    container = spec["deploymentSpec"]["executors"]["exec-evaluate"]["container"]
    assert container["resources"]["accelerator"] == {
        "count": "2", "resourceCount": "2", "resourceType": "amd.com/gpu", "type": "amd.com/gpu"
    }  # fmt: skip
    shown = {entry["name"]: entry["value"] for entry in container["env"]}
    assert shown == {
        "RLVR_CACHE": "/work/cache", "NCCL_DEBUG": "WARN", "RLVR_IMAGE": LOCK["rlvr-evaluate"],
        "RLVR_PIPELINE": pipeline_digest(text), "RLVR_METHOD": "r1_vlm",
    }  # fmt: skip
    asked = strict(platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-evaluate"])
    assert asked["nodeSelector"]["labels"] == {"zone": "a"}
    assert asked["tolerations"] == [
        {"key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoExecute"},
        {"operator": "Exists"},
    ]
    assert asked["pvcMount"][0]["mountPath"] == "/work" and asked["pvcMount"][0]["constant"] == "shared"
    assert asked["secretAsVolume"][0]["mountPath"] == "/keys" and not asked["secretAsVolume"][0]["optional"]
    assert asked["configMapAsVolume"][0]["mountPath"] == "/trusted"
    assert asked["podMetadata"] == {
        "labels": {"team": "a", "kueue.x-k8s.io/queue-name": "gpus", "kueue.x-k8s.io/priority-class": "high"},
        "annotations": {"note": "b"},
    }
    assert asked["imagePullPolicy"] == "Always" and asked["imagePullSecret"][0]["secretName"] == "registry"
    graph = next(
        part["dag"] for part in spec["components"].values() if "evaluate" in part.get("dag", {}).get("tasks", {})
    )
    assert graph["tasks"]["evaluate"]["cachingOptions"] == {"enableCache": True}
    scratch = Placement(scratch="1Ti", scratch_class="fast")
    text = write_compiled("r1_vlm", replace(sized, pods={**sized.pods, "data": scratch}))
    platform = list(yaml.safe_load_all(text))[1]
    volume = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-verify"]["genericEphemeralVolume"]
    assert (volume[0]["size"], volume[0]["storageClassName"], volume[0]["mountPath"]) == ("1Ti", "fast", "/work")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"memory": "64 GB"}, "memory is '64 GB'; write a Kubernetes quantity"),
        ({"shm": "lots"}, "shm is 'lots'"),
        ({"gpu": -1}, "gpu is -1; it cannot be negative"),
        ({"timeout_seconds": 0}, "timeout_seconds is 0"),
        ({"volume_claim": "a", "scratch": "1Gi"}, "both want /work"),
        ({"secrets": {"s": {"A": "k", "B": "k"}}}, "secrets.s gives one key to two variables"),
        ({"environment": {"HF_TOKEN": "x"}}, r"environment.HF_TOKEN would stand in the compiled pipeline"),
        ({"environment": {"OPENLINEAGE__TRANSPORT__AUTH__APIKEY": "x"}}, r"AUTH__APIKEY would stand in the compiled"),
        ({"environment": {"AWS_SECRET_ACCESS_KEY": "x"}}, r"\[pods.secrets.NAME\] AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_what_cannot_be_is_refused(settings, message):
    with pytest.raises(RlvrError, match=message):
        Placement(**settings)


def test_a_path_to_a_key_is_no_secret():
    assert Placement(environment={"RLVR_SIGNING_KEY": "/keys/key.pem", "TOKENIZERS_PARALLELISM": "false"}).variables
