"""`rlvr audit verify --kubeflow` through Kubeflow's own client: what its books contradict is a failure."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from rlvr.launch.work import Work
from rlvr.lineage.keys import make_key
from rlvr.lineage.pipeline_digest import UNKNOWN
from rlvr.lineage.record import attest
from rlvr.store import LocalStore
from rlvr_pipelines.cli import app
from rlvr_pipelines.kubeflow.upload import upload

RUN = "0a1b2c3d-run"


@pytest.fixture
def model(tmp_path, monkeypatch, packages, connection, server):
    """Digest of a model whose one stage ran on a cluster, as the run's task and the uploaded pipeline say."""
    made = upload(connection, packages[0])
    digest = re.search(rb"RLVR_PIPELINE\s+value: '?(sha256:[0-9a-f]{64})", packages[0].compiled)[1].decode()
    assert digest != UNKNOWN
    image = next(iter(re.findall(r"registry\.example/rlvr-train@sha256:[0-9a-f]{64}", packages[0].compiled.decode())))
    make_key(tmp_path / "keys" / "cluster.pem")
    for name, value in {
        "RLVR_SIGNING_KEY": tmp_path / "keys" / "cluster.pem", "RLVR_TRUSTED_KEYS": tmp_path / "keys",
        "XDG_CONFIG_HOME": tmp_path / "configuration", "COLUMNS": "200", "RLVR_RUN": RUN, "RLVR_PIPELINE": digest,
        "RLVR_IMAGE": image,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr("rlvr.lineage.record._builder", lambda: "urn:rlvr:kubernetes:kubeflow:pipeline-runner")
    store, folder = LocalStore(tmp_path / "store"), tmp_path / "model"
    folder.mkdir()
    (folder / "content.txt").write_text("weights")
    made_of = store.put(folder).digest
    work = Work(stage="m:grpo", parameters={}, inputs={}, code="d" * 64, label="grpo", outputs=("model",))
    attest(store, work, outputs={"model": made_of}, started="2026-01-01T00:00:00Z", telling=telling())
    now = datetime.now(UTC)
    server.runs[RUN] = {
        "run_id": RUN, "experiment_id": "e", "display_name": "digits", "created_at": moment(now), "state": "SUCCEEDED",
        "pipeline_version_reference": {"pipeline_id": made.pipeline_id, "pipeline_version_id": made.version_id},
        "run_details": {"task_details": [task("grpo-driver"), task("ingest"), task("grpo")]},
    }  # fmt: skip
    return made_of


def telling():
    from rlvr.lineage.record import Telling

    return Telling()


def moment(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def task(name, state="SUCCEEDED", ended=timedelta(0)):
    end = datetime.now(UTC) + ended
    times = {"start_time": moment(end - timedelta(hours=1)), "end_time": moment(end)}
    return {"task_id": f"id-{name}", "run_id": RUN, "display_name": name, "state": state, **times}


@pytest.fixture
def audit(server, tmp_path, model):
    def ask():
        said = [
            "audit",
            "verify",
            model,
            "--store",
            str(tmp_path / "store"),
            "--kubeflow",
            "--host",
            server.url,
            "--json",
        ]
        done = CliRunner().invoke(app, said, catch_exceptions=False)
        told = json.loads(done.stdout)
        return done.exit_code, [
            (one["severity"], one["message"]) for one in told["findings"] if one["kind"] == "kubeflow"
        ]

    return ask


def test_what_kubeflow_confirms_passes(audit):
    assert audit() == (0, [])


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([task("ingest")], f"the run {RUN} has no task grpo"),
        ([task("grpo", "FAILED")], f"task grpo of the run {RUN} has not succeeded (failed)"),
        ([task("grpo", ended=timedelta(days=-2))], "says that it ended at another time than its task"),
    ],
)
def test_what_its_tasks_contradict_fails(server, audit, tasks, message):
    server.runs[RUN]["run_details"]["task_details"] = tasks
    code, ((severity, said),) = audit()
    assert (code, severity) == (1, "failure") and message in said


def test_a_task_that_failed_and_was_tried_again_is_no_contradiction(server, audit):
    server.runs[RUN]["run_details"]["task_details"] = [task("grpo", "FAILED"), task("grpo")]
    assert audit() == (0, [])


def test_another_pipeline_or_image_fails(server, audit, packages, connection):
    other = upload(connection, packages[1])
    server.runs[RUN]["pipeline_version_reference"]["pipeline_version_id"] = other.version_id
    code, ((severity, said),) = audit()
    assert (code, severity) == (1, "failure") and "and its run to another one" in said
    specification = json.dumps(server.versions[other.version_id]["pipeline_spec"])
    changed = re.sub(r"(rlvr-train@sha256:)[0-9a-f]{64}", r"\g<1>" + "7" * 64, specification)
    server.versions[other.version_id]["pipeline_spec"] = json.loads(changed)
    assert any("which the pipeline of its run does not name" in said for _, said in audit()[1])


def test_a_run_that_was_deleted_is_a_warning(server, audit):
    del server.runs[RUN]
    code, ((severity, said),) = audit()
    assert (code, severity) == (0, "warning") and "cannot be looked up" in said
