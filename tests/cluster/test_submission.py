"""Submitting through the real client: each version and each run is made once, whatever happens to the answers."""

import json

import pytest
from kfp_connection import connected

from rlvr.errors import RlvrError
from rlvr_pipelines.kubeflow.submission import submit

PARAMETERS = {"store": "s3://b/a", "seed": 0}
WRITES = [
    ("pipelines", "/pipelines"),
    ("versions", "/pipelines/upload_version"),
    ("experiments", "/experiments"),
    ("runs", "/runs"),
]


def start(connection, package, **more):
    return submit(connection, package, PARAMETERS, experiment="rlvr", **more)


def test_the_first_submission_makes_everything_once(server, connection, packages):
    done = start(connection, packages[0])
    assert (done.new, done.version_new, done.state) == (True, True, "PENDING")
    assert [one["name"] for one in server.pipelines.values()] == ["rlvr-r1-vlm"]
    assert [one["name"] for one in server.versions.values()] == [packages[0].version]
    version = next(iter(server.versions.values()))
    assert version["tags"] == {"method": "r1_vlm", "profile": "cluster", "rlvr": version["tags"]["rlvr"]}
    run = server.runs[done.run_id]
    assert run["runtime_config"]["parameters"] == PARAMETERS
    assert run["pipeline_version_reference"]["pipeline_version_id"] == version["pipeline_version_id"]
    assert connection.run_page(done.run_id) == f"{server.url}/#/runs/details/{done.run_id}"


def test_the_same_submission_finds_version_and_run(server, connection, packages):
    first = start(connection, packages[0])
    second = start(connection, packages[0])
    assert (second.run_id, second.new, second.version_new) == (first.run_id, False, False)
    assert len(server.asked("POST", "/runs")) == len(server.asked("POST", "/pipelines/upload_version")) == 1


def test_a_changed_pipeline_is_a_new_version_and_a_new_run(server, connection, packages):
    first, second = (start(connection, one) for one in packages)
    assert second.new and second.version_new and second.run_id != first.run_id
    assert len(server.pipelines) == 1 and len(server.versions) == 2


@pytest.mark.parametrize(
    ("state", "new"), [("RUNNING", False), ("SUCCEEDED", False), ("FAILED", True), ("CANCELED", True)]
)
def test_only_a_run_that_came_to_nothing_is_started_again(server, connection, packages, state, new):
    first = start(connection, packages[0])
    server.runs[first.run_id]["state"] = state
    second = start(connection, packages[0])
    assert second.new is new
    assert second.name == (first.name[:-1] + "2" if new else first.name)


def test_again_starts_another(server, connection, packages):
    names = [start(connection, packages[0], again=True).name for _ in range(11)]
    assert [name.rpartition("-")[2] for name in names] == [str(number) for number in range(1, 12)]


@pytest.mark.parametrize("status", [0, 503])
@pytest.mark.parametrize(("kind", "path"), WRITES)
def test_a_lost_answer_makes_nothing_twice(server, packages, kind, path, status):
    connection = connected(server, patient=20.0)
    server.fail("POST", path, status=status, done=True)
    assert start(connection, packages[0]).run_id in server.runs
    assert len(getattr(server, kind)) == 1


def test_a_request_that_hangs_is_given_up_and_not_carried_out_twice(server, packages):
    start(connected(server), packages[0])
    server.fail("POST", "/runs", status=-1, done=True)
    start(connected(server, request_seconds=2.0, patient=20.0), packages[1])
    assert len(server.runs) == 2


@pytest.mark.parametrize(("kind", "path"), WRITES[:3])
def test_what_another_made_at_the_same_moment_is_used(server, connection, packages, kind, path):
    server.fail("POST", path, status=409, done=True)
    assert start(connection, packages[0]).run_id in server.runs
    assert len(getattr(server, kind)) == 1


def test_lists_are_read_to_their_end(server, connection, packages):
    server.page_size = 2
    names = [start(connection, packages[0], again=True).name for _ in range(5)]
    assert len(set(names)) == 5 and start(connection, packages[0]).name == names[-1]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_passes_is_waited_for(server, connection, packages, status):
    server.fail("GET", "/pipelines", status=status, times=3, headers={"Retry-After": "0"})
    assert start(connection, packages[0]).new
    assert len(server.asked("GET", "/pipelines")) == 4


REMEDIES = {
    0: "nothing is done twice",
    302: "login in the browser",
    401: "--token-file",
    403: "--namespace",
    404: "--host",
    409: "choose another name",
    429: "fewer requests",
    503: "log of ml-pipeline",
}


@pytest.mark.parametrize("status", REMEDIES)
def test_what_does_not_pass_is_told_with_its_remedy(server, connection, packages, status):
    server.fail("POST", "/runs", status=status, times=1000, message="told by the test")
    with pytest.raises(RlvrError, match=REMEDIES[status]) as raised:
        start(connection, packages[0])
    assert str(raised.value).startswith("Starting the run rlvr-r1-vlm-")
    assert status <= 0 or "told by the test" in str(raised.value)
    assert server.runs == {}


def test_a_login_page_is_not_taken_for_an_empty_list(server, connection, packages):
    server.fail("GET", "/pipelines", status=200, headers={"Content-Type": "text/html"})
    with pytest.raises(RlvrError, match="login page"):
        start(connection, packages[0])


def test_parameters_are_checked_before_anything_is_asked(server, connection, packages):
    asked = len(server.requests)
    with pytest.raises(RlvrError, match="no parameter 'sed'. Did you mean 'seed'"):
        submit(connection, packages[0], {"sed": 1}, experiment="rlvr")
    with pytest.raises(RlvrError, match="10,000"):
        submit(connection, packages[0], {"store": "s" * 10_000}, experiment="rlvr")
    assert len(server.requests) == asked


def test_what_a_cluster_cannot_keep_is_not_uploaded(lock, monkeypatch):
    from rlvr_pipelines.kubeflow import package as module
    from rlvr_pipelines.methods import METHODS
    from rlvr_pipelines.profiles import profile

    monkeypatch.setattr(module, "MAX_STORED_BYTES", 5_000)
    with pytest.raises(RlvrError, match="bytes and a cluster keeps 5,000"):
        module.package(METHODS["r1_vlm"], profile("cluster"), store="s3://b/a", lock=lock)


def test_the_contract_refuses_what_is_not_in_it():
    from api_contract import check_model

    check_model("V2beta1Run", json.loads('{"display_name": "a", "state": "RUNNING"}'), "run")
    for wrong in ({"displayname": "a"}, {"state": "DONE"}, {"display_name": 1}, {"run_details": {"task_details": {}}}):
        with pytest.raises(AssertionError):
            check_model("V2beta1Run", wrong, "run")
