"""The TrainJob of a stage: its name, what it takes over from the pod, and what the published schemas say of it."""

import json
from dataclasses import replace

import pytest
from kube_server import problems

import crd_schemas
from rlvr.canonical import plain
from rlvr.errors import RlvrError
from rlvr.launch.surroundings import surroundings
from rlvr.launch.train_job import train_job, train_job_name
from rlvr.launch.work import Work, read_work, without_job, write_work
from rlvr.store import open_store
from rlvr.training import Scale, TrainJob

WORK = Work(
    stage="launch_bodies:write",
    parameters={"text": "a", "scale": {}},
    inputs={"rows": "0" * 64},
    code="c",
    label="Long CoT",
    outputs=("out",),
)
SCALE = Scale(
    nodes=2,
    processes=8,
    zero_stage=3,
    job=TrainJob(
        queue="gpus",
        priority="high",
        deadline_seconds=3600,
        cpu="64",
        memory="900Gi",
        gpu=8,
        node_selector={"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"},
        tolerations=({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},),
        volume_claim="work",
        environment={"NCCL_DEBUG": "WARN", "AWS_ENDPOINT_URL": "http://inside:9000"},
    ),
)


@pytest.fixture
def around(cluster):
    return surroundings(cluster)


def test_it_asks_for_what_the_scale_says(around):
    job = train_job(WORK, SCALE, around, "s3://bucket/store", 1)
    assert problems(job) == []
    assert job["metadata"]["labels"] == {
        "app.kubernetes.io/managed-by": "rlvr",
        "rlvr/run": "run-1",
        "rlvr/workflow": "flow-x",
        "kueue.x-k8s.io/queue-name": "gpus",
        "kueue.x-k8s.io/priority-class": "high",
    }
    (owner,) = job["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("Workflow", "flow-x", "uid-of-flow")
    spec, trainer = job["spec"], job["spec"]["trainer"]
    assert spec["runtimeRef"]["name"] == "rlvr-torch" and spec["activeDeadlineSeconds"] == 3600
    assert (trainer["numNodes"], trainer["numProcPerNode"]) == (2, 8)
    assert trainer["command"] + trainer["args"] == [
        "python", "-m", "rlvr.launch.worker", "--store", "s3://bucket/store", "--work", WORK.key,
    ]  # fmt: skip
    wanted = {"cpu": "64", "memory": "900Gi", "nvidia.com/gpu": "8"}
    assert trainer["resourcesPerNode"] == {"requests": wanted, "limits": wanted}


def test_secrets_are_handed_on_by_reference_and_nothing_of_this_machine_is(around):
    trainer = train_job(WORK, SCALE, around, "s3://bucket/store", 1)["spec"]["trainer"]
    assert trainer["image"].startswith("registry.example/rlvr-train@sha256:")
    assert {each["name"]: each.get("value", each.get("valueFrom")) for each in trainer["env"]} == {
        "AWS_ENDPOINT_URL": "http://inside:9000",
        "AWS_ACCESS_KEY_ID": {"secretKeyRef": {"name": "objects", "key": "id"}},
        "RLVR_JUDGE_KEY": {"secretKeyRef": {"name": "judge", "key": "key", "optional": True}},
        "AWS_CA_BUNDLE": "/etc/authority/ca.crt",
        "RLVR_CACHE": "/work/cache",
        "RLVR_PIPELINE": "sha256:12",
        "RLVR_RUN": "run-1",
        "NCCL_DEBUG": "WARN",
    }


def patched(job):
    (patch,) = job["spec"]["runtimePatches"]
    (replicated,) = patch["trainingRuntimeSpec"]["template"]["spec"]["replicatedJobs"]
    return replicated["template"]["spec"]["template"]["spec"]


def test_files_of_secrets_and_config_maps_are_handed_on_but_for_the_signing_key(around):
    pod = patched(train_job(WORK, SCALE, around, "s3://bucket/store", 1))
    assert pod["volumes"] == [
        {"name": "stage-0", "configMap": {"name": "authority"}},
        {"name": "work", "persistentVolumeClaim": {"claimName": "work"}},
    ]
    assert pod["containers"][0]["volumeMounts"] == [
        {"name": "stage-0", "mountPath": "/etc/authority", "readOnly": True},
        {"name": "work", "mountPath": "/work"},
    ]


def test_a_key_that_is_named_by_its_path_is_kept_back_too(cluster, kube):
    environment = kube.pods["stage-pod"]["spec"]["containers"][1]["env"]
    key = next(each for each in environment if each["name"] == "RLVR_SIGNING_KEY")
    key.clear()
    key |= {"name": "RLVR_SIGNING_KEY", "value": "/etc/rlvr/signing/signing-key.pem"}
    around = surroundings(cluster)
    assert [path for path, _ in around.folders] == ["/etc/authority"]
    assert "RLVR_SIGNING_KEY" not in [each["name"] for each in around.variables]


def test_a_secret_in_plain_sight_is_refused(cluster, kube):
    main = kube.pods["stage-pod"]["spec"]["containers"][1]
    main["env"].append({"name": "AWS_SECRET_ACCESS_KEY", "value": "very-secret"})
    with pytest.raises(RlvrError, match="AWS_SECRET_ACCESS_KEY of this pod holds its value in plain sight") as caught:
        surroundings(cluster)
    assert "very-secret" not in str(caught.value)


def test_the_least_that_a_profile_may_say(around):
    job = train_job(WORK, Scale(job=TrainJob()), around, "s3://bucket/store", 1)
    assert problems(job) == [] and "resourcesPerNode" not in job["spec"]["trainer"]
    assert "kueue.x-k8s.io/queue-name" not in job["metadata"]["labels"]


def test_the_schemas_are_those_of_the_api(around):
    job = train_job(WORK, SCALE, around, "s3://bucket/store", 1)
    job["spec"]["podSpecOverrides"] = []
    assert problems(job)


def test_the_profile_of_clusters_asks_for_what_the_api_knows(around):
    """TrainJobs of every training stage of every method and variant; held to the definitions, too, where these are."""
    from rlvr.training import Merge
    from rlvr_pipelines.methods import METHODS
    from rlvr_pipelines.profiles import profile

    names = set()
    for method, published in METHODS.items():
        scale = profile("cluster", method).scale
        for stage in (one for one in published.stages if not isinstance(one, Merge)):
            work = replace(WORK, parameters={"stage": plain(stage)}, label=stage.name)
            job = train_job(work, scale, around, "s3://bucket/store", 1)
            assert problems(job) == [], method
            trainer = job["spec"]["trainer"]
            assert (trainer["numNodes"], trainer["numProcPerNode"]) == (scale.nodes, scale.processes)
            assert trainer["resourcesPerNode"]["limits"]["nvidia.com/gpu"] == str(scale.processes)
            names.add(job["metadata"]["name"])
    assert len(names) > 40


@crd_schemas.needs_crds
def test_the_definitions_accept_it(around):
    job = train_job(WORK, SCALE, around, "s3://bucket/store", 1)
    assert crd_schemas.problems(job, crd_schemas.validators()) == []


@pytest.mark.parametrize("label", ["grpo", "Long CoT", "3d_layouts", "", "ü" * 90, "x" * 90])
def test_names_are_those_of_kubernetes_and_depend_on_run_stage_and_attempt(label):
    work = replace(WORK, label=label)
    name = train_job_name("run-1", work, 1)
    assert name == train_job_name("run-1", work, 1) and len(name) <= 40
    job = {"metadata": {"name": name, "labels": {}}, "spec": {"trainer": {"env": []}, "runtimeRef": {"name": "r"}}}
    assert not [wrong for wrong in problems(job) if "name" in wrong]
    others = {train_job_name("run-2", work, 1), train_job_name("run-1", work, 2)}
    others.add(train_job_name("run-1", replace(work, code="d"), 1))
    assert len({name, *others}) == 4


def test_where_a_stage_runs_is_no_part_of_its_key():
    here, there = (without_job({"scale": plain(scale)}) for scale in (replace(SCALE, job=None), SCALE))
    assert replace(WORK, parameters=here).key == replace(WORK, parameters=there).key
    assert replace(WORK, label="other").key == WORK.key


def test_work_travels_through_the_store_and_a_changed_document_is_refused(tmp_path):
    keep = open_store(str(tmp_path / "store"))
    write_work(keep, WORK)
    assert read_work(keep, WORK.key) == WORK
    (key,) = keep.keys("launches/")
    content = json.loads(keep.read(key))
    keep.write(key, json.dumps({**content, "code": "d"}), overwrite=True)
    with pytest.raises(RlvrError, match="was changed"):
        read_work(keep, WORK.key)
    keep.write(key, "{", overwrite=True)
    with pytest.raises(RlvrError, match="is not JSON"):
        read_work(keep, WORK.key)
    keep.remove(key)
    with pytest.raises(RlvrError, match="there is nothing to do"):
        read_work(keep, WORK.key)
