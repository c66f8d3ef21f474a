import json
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

LOCK = {
    name: f"registry.example/{name}@sha256:{'0' * 63}{number}"
    for number, name in enumerate(("rlvr-data", "rlvr-train", "rlvr-evaluate"))
}


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith(("KF_", "RLVR_KFP_TOKEN", "KUBE", "RLVR_STORE"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def server():
    from kfp_server import KfpServer

    running = KfpServer()
    yield running
    running.stop()
    assert running.broken == []


@pytest.fixture(scope="session")
def lock(tmp_path_factory):
    path = tmp_path_factory.mktemp("lock") / "images.lock"
    path.write_text(json.dumps(LOCK))
    return path


@pytest.fixture(scope="session")
def packages(lock):
    """Seed of the store's name -> compiled r1_vlm; two differ as much as their stores."""
    from rlvr_pipelines.kubeflow.package import package
    from rlvr_pipelines.methods import METHODS
    from rlvr_pipelines.profiles import profile

    made = [package(METHODS["r1_vlm"], profile("cluster"), store=f"s3://b/{one}", lock=lock) for one in "ab"]
    assert made[0].version != made[1].version
    return made


@pytest.fixture
def connection(server):
    from kfp_connection import connected

    return connected(server)


@pytest.fixture(scope="session")
def compiled_once():
    """`package` that compiles what it has not compiled before; compiling is half a second each time."""
    from rlvr_pipelines.kubeflow.package import package

    known = {}

    def remembered(method, profile, *, store, **more):
        key = (method.name, profile.name, str(sorted(profile.changed.items())), profile.promote, store)
        if key not in known:
            known[key] = package(method, profile, store=store, **more)
        return known[key]

    return remembered
