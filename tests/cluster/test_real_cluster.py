"""The same on a real installation, where one is given; it uploads a pipeline, starts a run and cancels it.

    KUBECONFIG=... KF_PIPELINES_ENDPOINT=http://localhost:8888 [RLVR_KFP_NAMESPACE=...] pytest -m cluster tests/cluster

Images are not pulled: the run is cancelled as soon as it is there. The schedule is created paused and pruned.
"""

import os
import time

import pytest

from rlvr_pipelines.kubeflow.submission import submit
from rlvr_pipelines.kubeflow.waiting import cancel, wait
from rlvr_pipelines.schedules.apply import apply
from rlvr_pipelines.schedules.comparison import compare, present, wanted
from rlvr_pipelines.schedules.schedule_file import read_file

ENDPOINT, KUBECONFIG = os.environ.get("KF_PIPELINES_ENDPOINT", ""), os.environ.get("KUBECONFIG", "")
"""Read when the file is loaded; tests clear the environment."""
NAMESPACE, TOKEN = os.environ.get("RLVR_KFP_NAMESPACE", ""), os.environ.get("RLVR_KFP_TOKEN", "")

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(not (ENDPOINT and KUBECONFIG), reason="KUBECONFIG and KF_PIPELINES_ENDPOINT name no cluster"),
]


@pytest.fixture
def real(monkeypatch):
    from rlvr_pipelines.kubeflow.connection import Address, connect

    if TOKEN:
        monkeypatch.setenv("RLVR_KFP_TOKEN", TOKEN)
    return connect(Address(host=ENDPOINT, namespace=NAMESPACE))


def test_a_run_is_submitted_once_and_cancelled(real, packages):
    parameters = {"store": "s3://b/a", "seed": int(time.time())}
    first = submit(real, packages[0], parameters, experiment="rlvr-test")
    second = submit(real, packages[0], parameters, experiment="rlvr-test")
    assert (first.new, second.new, second.run_id) == (True, False, first.run_id)
    cancel(real, first.run_id)
    assert wait(real, first.run_id, show=lambda state: None, timeout_seconds=600).state in ("CANCELED", "FAILED")


def test_a_schedule_is_applied_once_exchanged_and_pruned(real, lock, tmp_path):
    path = tmp_path / "schedules.yaml"
    text = "group: rlvr-test\nexperiment: rlvr-test\nschedules:\n"
    one = "  - {name: rlvr-test, method: r1_vlm, store: 's3://b/a', every: 1d, pause: true, seed: SEED}\n"

    def carry_out(content):
        path.write_text(content)
        file = read_file(path)
        changes = compare(wanted(file, lock=lock), present(real, file.group), prune=True)
        apply(real, changes, group=file.group, experiment=file.experiment, done=lambda change: None)
        return [change.action for change in changes]

    try:
        assert carry_out(text + one.replace("SEED", "1")) == ["create"]
        assert carry_out(text + one.replace("SEED", "1")) == ["unchanged"]
        assert carry_out(text + one.replace("SEED", "2")) == ["change"]
        assert carry_out(text + one.replace("SEED", "2")) == ["unchanged"]
    finally:
        assert carry_out(text.replace("schedules:", "schedules: []")) == ["prune"]
