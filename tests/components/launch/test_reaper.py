"""Ending what nobody waits for any more."""

import pytest
from kube_server import TOKEN, TRAINER, WORKFLOWS
from rights import granted

from rlvr.launch.cancel import cancel_run
from rlvr.launch.reaper import main
from rlvr.stages.cleanup import cleanup


def job(kube, name, workflow="flow-x", run="run-1", uid="uid-of-flow", made_by="rlvr", ended=None):
    labels = {"app.kubernetes.io/managed-by": made_by, "rlvr/run": run}
    labels |= {"rlvr/workflow": workflow} if workflow else {}
    kube.put(TRAINER, {"metadata": {"name": name, "labels": labels, "annotations": {"rlvr/workflow-uid": uid}}})
    if ended:
        kube.set_condition(name, ended)


def left(kube):
    return sorted(kube.custom[TRAINER])


@pytest.fixture
def as_reaper(kube):
    kube.rights = granted("reaper")


@pytest.fixture
def jobs(kube):
    job(kube, "running")
    job(kube, "complete", ended="Complete")
    job(kube, "failed", ended="Failed")
    job(kube, "other-run", run="run-2", workflow="flow-y")
    job(kube, "by-hand", workflow=None)
    job(kube, "not-ours", made_by="somebody")
    kube.put(WORKFLOWS, {"metadata": {"name": "flow-y", "uid": "uid-of-flow"}, "status": {"phase": "Running"}})
    return kube


@pytest.mark.parametrize(
    ("workflow", "reaped"),
    [
        ({"spec": {}, "status": {"phase": "Running"}}, False),
        ({"spec": {"activeDeadlineSeconds": 86400}, "status": {"phase": "Running"}}, False),
        ({"status": {"phase": "Succeeded"}}, True),
        ({"status": {"phase": "Failed"}}, True),
        ({"status": {"phase": "Error"}}, True),
        ({"spec": {"shutdown": "Terminate"}}, True),
        ({"spec": {"activeDeadlineSeconds": 0}, "status": {"phase": "Running"}}, True),
        ({"uid": "uid-of-another", "status": {"phase": "Running"}}, True),
        (None, True),
    ],
)
def test_a_train_job_goes_when_its_workflow_is_over(workflow, reaped, jobs, capsys, as_reaper):
    if workflow is None:
        jobs.custom[WORKFLOWS].pop("flow-x")
    else:
        uid = workflow.pop("uid", "uid-of-flow")
        jobs.put(WORKFLOWS, {"metadata": {"name": "flow-x", "uid": uid}, **workflow})
    assert main([]) == 0
    rest = ["by-hand", "complete", "failed", "not-ours", "other-run"]
    assert left(jobs) == sorted(rest if reaped else [*rest, "running"])
    assert ("deleted TrainJob running" in capsys.readouterr().out) is reaped
    assert (jobs.used == jobs.rights) is reaped
    assert main([]) == 0


def test_a_reaper_that_may_not_look_says_so(jobs, capsys):
    jobs.rights = frozenset()
    assert main(["--namespace", "rlvr"]) == 1
    assert "bind the Role" in capsys.readouterr().err
    assert jobs.denied == {("trainer.kubeflow.org", "trainjobs", "list")}
    jobs.denied.clear()


def test_the_cleanup_of_a_run_deletes_its_own(jobs, capsys):
    cleanup.python_func(run="run-1")
    assert left(jobs) == ["complete", "failed", "not-ours", "other-run"]
    assert capsys.readouterr().out == "deleted TrainJob running\ndeleted TrainJob by-hand\n"


def test_a_run_is_its_pod_s_own_where_none_is_named(jobs, cluster):
    assert cancel_run("run-2", cluster) == ["other-run"]
    assert cancel_run(cluster=cluster) == ["running", "by-hand"]
    assert cancel_run(cluster=cluster) == []


def test_the_token_is_nowhere_but_in_requests(jobs, cluster, capsys):
    jobs.fail("GET", "trainjobs", 500, times=10_000)
    with pytest.raises(Exception, match="cannot be listed") as caught:
        cancel_run("run-1", cluster)
    assert TOKEN not in str(caught.value)
