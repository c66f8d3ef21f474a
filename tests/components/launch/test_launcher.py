"""Launching a stage on a cluster: attaching, watching, following logs, failing, being cancelled."""

import json
import os
import signal
import threading
from dataclasses import replace

import launch_bodies
import pytest
from kube_server import RUNTIMES, TRAINER, WORKFLOWS
from test_train_job import SCALE, WORK

from rlvr.errors import RlvrError
from rlvr.launch import Stopped
from rlvr.launch.launcher import launch_train_job
from rlvr.provenance import compute
from rlvr.store import open_store
from rlvr.training import Scale, TrainJob

LINE = '{"time": 1.5, "stage": "grpo", "step": %d, "total": 3, "reward": 0.5}'
DO = replace(WORK, inputs={}, label="grpo")
ALONE = Scale(job=TrainJob(queue="gpus", restarts=2))


@pytest.fixture
def keep(tmp_path):
    return open_store(str(tmp_path / "store"))


@pytest.fixture
def launch(cluster, keep, pace):
    return lambda scale=ALONE: launch_train_job(keep, DO, scale, cluster=cluster, rhythm=pace)


def complete(kube, keep, name, index=0):
    """What a TrainJob does when all goes well."""
    compute(launch_bodies.write, keep, DO)
    kube.end_pod(name, index)
    kube.set_condition(name, "Complete", "AllJobsSucceeded")


def failed(kube, name, **pod):
    kube.end_pod(name, **{"code": 1, **pod})
    kube.set_condition(name, "Failed", "JobsFailed", "one or more jobs failed")


def notes(progress):
    return [line["note"] for line in progress() if "note" in line]


def test_a_stage_is_launched_watched_and_done(kube, keep, launch, progress, capsys):
    def run(name):
        kube.set_condition(name, "Suspended", "Queued")
        kube.wait_until(lambda: "waiting in the queue gpus" in notes(progress))
        kube.set_condition(name, "Suspended", "Resumed", status="False")
        pod = kube.set_pod(name, phase="Pending", state={"waiting": {"reason": "ImagePullBackOff", "message": "no"}})
        kube.wait_until(lambda: any("ImagePullBackOff (no)" in note for note in notes(progress)))
        kube.set_pod(name)
        kube.say(pod, "loading the model", LINE % 1, '{"event": "start", "stage": "grpo"}', LINE % 2)
        kube.wait_until(lambda: kube.count("GET", "/log.*follow"))
        kube.say(pod, LINE % 3, "last words")
        complete(kube, keep, name)

    kube.on_create = run
    launch()
    (name,) = kube.custom[TRAINER]
    assert notes(progress)[0] == f"launched as TrainJob {name}" and name.startswith("grpo-")
    steps = [line for line in progress() if "reward" in line]
    assert [line["step"] for line in steps] == [1, 2, 3] and {line["reward"] for line in steps} == {0.5}
    printed = capsys.readouterr().out.splitlines()
    assert printed == ["loading the model", '{"event": "start", "stage": "grpo"}', "last words"]
    assert keep.read(f"records/{DO.key}.json") is not None
    assert kube.count("GET", "watch=True") >= 1


def test_a_pod_that_starts_again_finds_its_train_job(kube, keep, launch, progress):
    kube.on_create = lambda name: None
    first = threading.Thread(target=launch, daemon=True)
    first.start()
    kube.wait_until(lambda: kube.custom[TRAINER])
    (name,) = kube.custom[TRAINER]
    second = threading.Thread(target=launch, daemon=True)
    second.start()
    kube.wait_until(lambda: f"TrainJob {name} is already there" in notes(progress))
    complete(kube, keep, name)
    first.join(20)
    second.join(20)
    assert not first.is_alive() and not second.is_alive() and list(kube.custom[TRAINER]) == [name]


def test_two_pods_at_once_make_one_train_job(kube, keep, launch, progress):
    """The answer that there is none is out of date when the other has made one."""
    made = threading.Event()

    def run(name):
        made.set()
        complete(kube, keep, name)

    kube.on_create = run
    kube.fail("GET", r"trainjobs/grpo-", 404)
    launch()
    assert made.is_set()
    kube.fail("GET", r"trainjobs/grpo-", 404)
    keep.remove(f"records/{DO.key}.json")
    compute(launch_bodies.write, keep, DO)
    launch()  # POST answers 409, and the next look finds it complete
    assert kube.count("POST", "trainjobs") == 2 and len(kube.custom[TRAINER]) == 1


def test_a_train_job_that_asks_for_something_else_is_not_touched(kube, keep, launch, cluster, pace):
    kube.on_create = lambda name: failed(kube, name)
    with pytest.raises(RlvrError):
        launch()
    (name,) = kube.custom[TRAINER]
    other = replace(ALONE, job=TrainJob(queue="gpus", cpu="8"))
    with pytest.raises(RlvrError, match=rf"There is a TrainJob {name} already and it asks for something else"):
        launch(other)
    assert list(kube.custom[TRAINER]) == [name]


def test_after_a_failure_the_next_try_has_a_new_name(kube, keep, launch):
    kube.on_create = lambda name: failed(kube, name)
    with pytest.raises(RlvrError, match=r"Stage grpo failed on the cluster \(TrainJob grpo-\w+-1\)"):
        launch()
    kube.on_create = lambda name: complete(kube, keep, name)
    launch()
    assert [name[-2:] for name in kube.custom[TRAINER]] == ["-1", "-2"]


WATCH, LOG, JOB = r"trainjobs\?.*watch=True", r"/log", r"trainjobs/grpo"


@pytest.mark.parametrize(
    "trouble",
    [
        ("expired", lambda kube: kube.fail("GET", WATCH, 410, times=2)),
        ("too old", lambda kube: (kube.forget_changes(), kube.cut("watch"))),
        ("cut", lambda kube: (kube.cut("watch"), kube.cut("log"))),
        ("dropped", lambda kube: [kube.fail("GET", path, "drop", times=3) for path in (WATCH, LOG, JOB)]),
        ("busy", lambda kube: kube.fail("GET", JOB, 429, times=2, headers={"Retry-After": "0"})),
        ("broken", lambda kube: [kube.fail("GET", path, 503, times=3) for path in (WATCH, LOG, JOB)]),
        ("forbidden watch", lambda kube: kube.fail("GET", WATCH, 403, times=99)),
        ("forbidden log", lambda kube: kube.fail("GET", LOG, 403, times=2)),
    ],
    ids=lambda trouble: trouble[0],
)
def test_trouble_with_the_connection_loses_nothing(trouble, kube, keep, launch, progress, capsys):
    def run(name):
        pod = kube.set_pod(name)
        kube.say(pod, LINE % 1, "one", "one")
        kube.wait_until(lambda: "reward" in str(progress()))
        trouble[1](kube)
        kube.cut("watch")
        kube.cut("log")
        for step in (2, 3):
            kube.say(pod, LINE % step, "further")
            kube.set_condition(name, "Suspended", "Nothing", f"change {step}", status="False")
        kube.wait_until(lambda: not any(fault["times"] for fault in kube.faults if fault["times"] < 50))
        complete(kube, keep, name)

    kube.on_create = run
    launch()
    assert [line["step"] for line in progress() if "reward" in line] == [1, 2, 3]
    assert capsys.readouterr().out.splitlines() == ["one", "one", "further", "further"]


def test_a_cluster_that_does_not_answer_is_waited_for_and_then_named(kube, launch):
    kube.fail("GET", "pods/stage-pod", 503, times=10_000)
    with pytest.raises(RlvrError, match=r"Pod stage-pod cannot be read: the cluster answers 503 \(on demand\)\."):
        launch()
    kube.faults.clear()
    kube.fail("POST", "trainjobs", "drop", times=10_000)
    with pytest.raises(RlvrError, match=r"cannot be created: the cluster's API cannot be reached \(\w+\)\. Check the"):
        launch()
    assert kube.count("POST", "trainjobs") > 3


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "pods/stage-pod", 401, r"answers 401 .*The credentials are not accepted"),
        ("GET", "pods/stage-pod", 403, r"answers 403 .*bind the Role"),
        ("GET", "pods/stage-pod", 404, r"so it is launched from a pipeline on the cluster"),
        ("POST", "trainjobs", 403, r"answers 403 .*bind the Role"),
        ("POST", "trainjobs", 404, r"answers 404 .*Is Kubeflow Trainer installed"),
        ("POST", "trainjobs", 422, r"answers 422 .*correct what it names"),
        ("GET", JOB, 401, r"answers 401 .*The credentials are not accepted"),
    ],
)
def test_what_the_cluster_refuses_is_said_with_the_remedy(method, path, status, message, kube, launch):
    kube.fail(method, path, status, times=10)
    with pytest.raises(RlvrError, match=message):
        launch()


def test_a_quota_is_told_from_a_missing_role(kube, launch):
    kube.fail("POST", "trainjobs", 403, message="exceeded quota: gpus, requested: 16")
    with pytest.raises(RlvrError, match=r"exceeded quota: gpus, requested: 16\)\. Free some of it"):
        launch()


def test_a_missing_runtime_or_queue_is_noticed_before_anything_waits_for_it(kube, launch):
    with pytest.raises(RlvrError, match=r"no localqueues/nowhere .*scale\.job\.queue"):
        launch(Scale(job=TrainJob(queue="nowhere")))
    kube.custom[RUNTIMES].clear()
    with pytest.raises(RlvrError, match=r"no trainingruntimes/rlvr-torch .*scale\.job\.runtime"):
        launch()
    assert not kube.custom[TRAINER]


def test_the_first_cause_speaks_and_the_report_is_kept(kube, keep, launch, progress, capsys):
    def run(name):
        pods = [kube.set_pod(name, index) for index in (0, 1)]
        kube.say(pods[1], "reading rows", "Traceback ...")
        kube.note(pods[1], "BackOff", "Back-off restarting failed container")
        kube.note(name, "Created", "made pods")
        told = '{"time": %s, "readable": %s, "message": "%s"}'
        kube.end_pod(name, 0, code=1, message=told % (5, "false", "RuntimeError: connection closed by peer"))
        failed(kube, name, index=1, message=told % (9, "true", "Row 7 has no picture."))

    kube.on_create = run
    with pytest.raises(RlvrError, match=r"Pod grpo-\S+-node-0-1-a: Row 7 has no picture\. The report is failures/grpo"):
        launch()
    assert capsys.readouterr().out.splitlines()[-2:] == ["reading rows", "Traceback ..."]
    (key,) = keep.keys("failures/")
    document = json.loads(keep.read(key))
    assert document["reason"] == "JobsFailed" and document["namespace"] == "rlvr"
    assert [pod["exit_code"] for pod in document["pods"]] == [1, 1]
    assert document["pods"][1]["last_lines"] == ["reading rows", "Traceback ..."]
    assert document["pods"][1]["machine"] == "machine-1"
    assert {event["reason"] for event in document["events"]} == {"BackOff", "Created"}
    assert len(kube.custom[TRAINER]) == 1


@pytest.mark.parametrize(
    ("pod", "message"),
    [
        ({"code": 137, "reason": "OOMKilled"}, r"was killed because it used more memory than it may have"),
        ({"code": 3}, r"ended with exit code 3\. Its last line: it wrote nothing"),
    ],
)
def test_a_pod_that_could_not_say_why(pod, message, kube, launch):
    kube.on_create = lambda name: failed(kube, name, **pod)
    with pytest.raises(RlvrError, match=message):
        launch()


@pytest.mark.parametrize(
    ("pod", "hopeless"),
    [
        ({"message": '{"time": 9, "readable": true, "message": "Row 7 has no picture."}'}, True),
        ({"code": 137, "reason": "OOMKilled"}, True),
        ({"message": '{"time": 9, "readable": false, "message": "RuntimeError: CUDA error"}'}, False),
    ],
)
def test_a_pod_that_kubeflow_repeats_does_not_train_again_what_only_a_change_can_mend(
    pod, hopeless, kube, keep, launch, monkeypatch
):
    kube.on_create = lambda name: failed(kube, name, **pod)
    with pytest.raises(RlvrError) as first:
        launch()
    monkeypatch.setenv("KFP_RETRY_INDEX", "1")
    with pytest.raises(RlvrError) as second:
        launch()
    assert (str(second.value) == str(first.value)) is hopeless
    assert len(kube.custom[TRAINER]) == (1 if hopeless else 2)
    monkeypatch.setenv("KFP_RETRY_INDEX", "0")  # somebody runs it again
    kube.on_create = lambda name: complete(kube, keep, name)
    launch()
    assert len(kube.custom[TRAINER]) == (2 if hopeless else 3)


def test_the_deadline_is_named(kube, launch):
    def run(name):
        kube.end_pod(name, code=75)
        kube.set_condition(name, "Failed", "DeadlineExceeded", "was active longer than specified deadline")

    kube.on_create = run
    with pytest.raises(RlvrError, match=r"longer than scale\.job\.deadline_seconds"):
        launch()
    assert len(kube.custom[TRAINER]) == 1


TAKEN = [{"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}]


@pytest.mark.parametrize(
    "pod",
    [
        {"code": 75},
        {"code": 137, "conditions": TAKEN},
        {"code": 137, "pod_reason": "Evicted"},
        {"code": 1, "pod_reason": "NodeLost", "message": '{"time": 1, "readable": false, "message": "peer"}'},
        {"code": 1, "message": '{"time": 1, "readable": true, "may_pass": true, "message": "S3 is away"}'},
    ],
    ids=["stopped", "preempted", "evicted", "lost", "store_away"],
)
def test_pods_that_were_taken_away_are_no_failure(pod, kube, keep, launch, progress):
    def run(name):
        if name.endswith("-1"):
            failed(kube, name, **pod)
        else:
            complete(kube, keep, name)

    kube.on_create = run
    launch()
    assert [name[-2:] for name in kube.custom[TRAINER]] == ["-1", "-2"]
    assert any("Beginning again from the newest checkpoint" in note for note in notes(progress))


def test_preemption_without_end_is_given_up(kube, launch):
    kube.on_create = lambda name: failed(kube, name, code=75)
    with pytest.raises(RlvrError, match=r"It was begun again 2 times before\."):
        launch()
    assert len(kube.custom[TRAINER]) == 3


def test_pods_that_come_again_after_a_suspension_are_followed(kube, keep, launch, progress, capsys):
    def run(name):
        kube.say(kube.set_pod(name, suffix="a"), LINE % 1, "first")
        kube.wait_until(lambda: "reward" in str(progress()))
        kube.end_pod(name, suffix="a", code=75)
        kube.pods.pop(f"{name}-node-0-0-a")  # Kueue suspends: the pods go
        kube.set_condition(name, "Suspended", "Preempted")
        kube.set_condition(name, "Suspended", "Resumed", status="False")
        kube.say(kube.set_pod(name, suffix="b"), LINE % 2, "second")
        kube.wait_until(lambda: [line for line in progress() if line["step"] == 2])
        kube.end_pod(name, suffix="b")
        compute(launch_bodies.write, keep, DO)
        kube.set_condition(name, "Complete")

    kube.on_create = run
    launch()
    assert len(kube.custom[TRAINER]) == 1
    assert capsys.readouterr().out.splitlines() == ["first", "second"]


def test_a_deleted_train_job_is_an_error(kube, launch):
    kube.on_create = lambda name: kube.put(TRAINER, kube.custom[TRAINER][name], "DELETED")
    with pytest.raises(RlvrError, match=r"was deleted before it ended"):
        launch()


def test_a_result_that_is_not_in_the_store_is_an_error(kube, launch):
    kube.on_create = lambda name: kube.set_condition(name, "Complete")
    with pytest.raises(RlvrError, match=r"is complete, but \S+ has no record of its result"):
        launch()


@pytest.mark.parametrize("ending", [True, False])
def test_termination_deletes_the_train_job_only_if_the_run_is_ending(ending, kube, launch):
    def run(name):
        if ending:
            flow = kube.custom[WORKFLOWS]["flow-x"]
            kube.put(WORKFLOWS, {**flow, "spec": {"activeDeadlineSeconds": 0}})
        kube.wait_until(lambda: kube.count("GET", "watch=True"))
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    kube.on_create = run
    with pytest.raises(Stopped, match="The run is ending" if ending else "its TrainJob goes on"):
        launch()
    assert signal.getsignal(signal.SIGTERM) is before
    assert bool(kube.custom[TRAINER]) is not ending


def test_the_scale_of_a_cluster_is_not_used_elsewhere(tmp_path, monkeypatch):
    from rlvr.launch import launch

    monkeypatch.delenv("PET_NNODES", raising=False)
    with pytest.raises(RlvrError, match=r"spread over 2 machines \(scale\.nodes\).*Set scale\.job"):
        launch(launch_bodies.write, replace(SCALE, job=None), text="a", scale={}, out=tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    from rlvr.launch.cluster import Cluster

    with pytest.raises(RlvrError, match=r"There is no cluster to launch a TrainJob in"):
        Cluster()


def test_a_pod_reaches_its_cluster_by_its_service_account(tmp_path, monkeypatch):
    from kubernetes.config import incluster_config

    from rlvr.launch import cluster

    for name in ("token", "ca.crt", "namespace"):
        (tmp_path / name).write_text(f"the {name}\n")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    monkeypatch.setattr(cluster, "NAMESPACE", tmp_path / "namespace")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("POD_NAMESPACE", raising=False)
    monkeypatch.setattr("kubernetes.client.ApiClient", lambda configuration: configuration)  # the certificate is none
    found = cluster.Cluster()
    assert (found.api.host, found.namespace) == ("https://10.0.0.1:443", "the namespace")
    assert found.api.ssl_ca_cert == str(tmp_path / "ca.crt")
    assert found.api.api_key["authorization"].strip() == "bearer the token"
