"""Stages on the pods of a TrainJob, for real: two machines, torchrun on each, interrupted and resumed."""

import json
import signal
import threading
from dataclasses import dataclass, field, replace

import launch_bodies
import pytest
from kube_server import TRAINER
from kubelet import Kubelet

from rlvr.canonical import plain
from rlvr.errors import RlvrError
from rlvr.launch.cluster import Cluster
from rlvr.launch.launcher import launch_train_job
from rlvr.launch.work import Work
from rlvr.provenance import code_digest, perform, write_manifest
from rlvr.store import open_store
from rlvr.training import Scale, TrainJob

SPREAD = Scale(nodes=2, job=TrainJob(environment={"GLOO_SOCKET_IFNAME": "lo"}))


@dataclass
class Artifact:
    """What Kubeflow hands to a component."""

    path: str
    metadata: dict = field(default_factory=dict)


@pytest.fixture
def kubelet(kube, tmp_path):
    kubelet = Kubelet(kube, tmp_path / "pods")
    yield kubelet
    kubelet.stop()


@pytest.fixture
def keep(tmp_path):
    return open_store(str(tmp_path / "store"))


@pytest.fixture
def inside(kube, monkeypatch):
    """The pod's variables lead to this machine."""
    kube.pods["stage-pod"]["spec"]["containers"][1]["env"] = []


def work(body, **parameters):
    return Work(
        stage=f"launch_bodies:{body.__name__}",
        parameters={"scale": {"nodes": 2}, **parameters},
        inputs={},
        code=code_digest(),
        label=body.__name__,
        outputs=("out",),
    )


def notes(progress):
    return [line["note"] for line in progress() if "note" in line]


def test_two_machines_stop_together_and_go_on_from_the_checkpoint_of_both(
    kube, kubelet, keep, inside, cluster, pace, progress
):
    do = work(launch_bodies.meet)

    def run(name):
        if name.endswith("-1"):
            threading.Thread(target=kubelet.run, args=(name,), daemon=True).start()
            kube.wait_until(lambda: any(line["step"] == 1 and "reward" in line for line in progress()), 90)
            kubelet.evict(1)
        else:
            kubelet.run(name)

    kube.on_create = run
    launch_train_job(keep, do, SPREAD, cluster=cluster, rhythm=pace)
    outputs = json.loads(keep.read(f"records/{do.key}.json"))["outputs"]
    assert (keep.get(outputs["out"]) / "text").read_text() == "step 3, 2 processes"
    assert "continuing after step 1" in notes(progress)
    steps = [line["step"] for line in progress() if "reward" in line]  # a pod prints some of them, the last one always
    assert (steps[0], steps[-1]) == (1, 3) and steps == sorted(steps)
    assert [name[-2:] for name in kube.custom[TRAINER]] == ["-1", "-2"]
    (key,) = keep.keys("failures/")
    assert [pod["exit_code"] for pod in json.loads(keep.read(key))["pods"]] == [75, 75]
    assert not keep.keys("checkpoints/")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (launch_bodies.fail, r"Pod fail-\S+-node-0-0-a: Row 7 has no picture\. The report is failures/fail-"),
        (launch_bodies.crash, r"Pod crash-\S+-node-0-0-a: ZeroDivisionError: no luck"),
    ],
)
def test_what_a_pod_says_is_what_the_stage_says(body, message, kubelet, keep, inside, cluster, pace):
    do = replace(work(body), parameters={"scale": {}})
    with pytest.raises(RlvrError, match=message):
        launch_train_job(keep, do, replace(SPREAD, nodes=1), cluster=cluster, rhythm=pace)
    (key,) = keep.keys("failures/")
    lines = json.loads(keep.read(key))["pods"][0]["last_lines"]
    assert any('raise ZeroDivisionError("no luck")' in line for line in lines) is (body is launch_bodies.crash)


def test_an_image_with_other_code_is_refused(kubelet, keep, inside, cluster, pace):
    do = replace(work(launch_bodies.write, text="a"), code="0" * 64)
    with pytest.raises(RlvrError, match=r"This image holds other code \(\w{12}\) than the stage that launched it"):
        launch_train_job(keep, do, replace(SPREAD, nodes=1), cluster=cluster, rhythm=pace)


def test_a_killed_training_goes_on_and_its_model_is_published(
    kube, kubelet, keep, inside, progress, digits_method, tiny_base, digit_rows, tmp_path
):
    from rlvr.rl.train import train

    inputs = {name: Artifact(str(tmp_path / name)) for name in ("base", "rows")}
    for name, folder in (("base", tiny_base), ("rows", digit_rows)):
        write_manifest(inputs[name], keep.put(folder), keep, name)
    outputs = {name: Artifact(str(tmp_path / name)) for name in ("model", "log")}
    stage = replace(digits_method.stages[0], steps=6, checkpoint_every=1)

    def run(name):
        if name.endswith("-1"):
            threading.Thread(target=kubelet.run, args=(name,), daemon=True).start()
            kube.wait_until(lambda: any('"saved"' in (keep.read(key) or "") for key in keep.keys("checkpoints/")), 150)
            for index in (0, 1):
                kubelet.evict(index, signal.SIGKILL)
        else:
            kubelet.run(name)

    kube.on_create = run
    folders = perform(
        train,
        store=str(tmp_path / "store"),
        inputs=inputs,
        outputs=outputs,
        parameters={
            "stage": plain(stage),
            "tasks": [plain(task) for task in digits_method.tasks],
            "scale": plain(SPREAD),
            "precision": "float32",
            "seed": 0,
        },
        name="grpo",
    )
    assert (folders["model"] / "model.safetensors").is_file()
    assert outputs["model"].metadata["stage"] == "grpo" and (tmp_path / "model").is_file()
    assert any(note.startswith("continuing after step") for note in notes(progress))
    assert [name[-2:] for name in kube.custom[TRAINER]] == ["-1", "-2"]
    assert not keep.keys("checkpoints/")
    assert progress()[-1]["event"] == "done"


def test_the_client_reads_the_configuration_that_kubeconfig_names(kube):
    assert Cluster().namespace == "rlvr"
