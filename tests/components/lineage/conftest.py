"""A small history: raw file -> rows -> accepted rows -> base -> model -> predictions, signed by one machine."""

from urllib.request import Request, urlopen

import boto3
import pytest
from moto.server import ThreadedMotoServer

from lineage_story import COMMIT, IMAGE, Story
from rlvr.lineage.keys import read_signer
from rlvr.lineage.record import Telling
from rlvr.lineage.statement import Checked, Resource
from rlvr.store import LocalStore


@pytest.fixture(scope="module")
def server():
    """Address of an S3 server."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    yield "http://{}:{}".format(*moto.get_host_and_port())
    moto.stop()


@pytest.fixture
def bucket(server, tmp_path, monkeypatch):
    """A client of that server, which has the empty bucket `lineage` and nothing else."""
    urlopen(Request(f"{server}/moto-api/reset", method="POST")).close()
    for name, value in {
        "AWS_ENDPOINT_URL": server, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true", "RLVR_CACHE": str(tmp_path / "cache"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="lineage")
    yield client
    client.close()


@pytest.fixture
def kept(tmp_path):
    """The store; a test that asks about others has a fixture of this name."""
    return LocalStore(tmp_path / "store")


@pytest.fixture
def story(tmp_path, monkeypatch, kept):
    made = Story.begin(tmp_path, monkeypatch, kept)
    monkeypatch.setenv("RLVR_IMAGE", IMAGE)
    monkeypatch.setattr("rlvr.lineage.record._commit", lambda: COMMIT)
    for name in ("rows", "accepted", "verdict", "base", "model", "predictions"):
        made.artifact(name, f"the content of {name}")
    hub = Resource(
        name="sums/train.parquet", digest={"sha256": "e" * 64}, uri=f"hub:someone/sums@{'a' * 40}/train.parquet",
        annotations={"licence": "cc-by-4.0"},
    )  # fmt: skip
    weights = Resource(name="checkpoint", uri="tiny:qwen2_vl", annotations={"licence": "built by this package"})
    made.stage("ingest", {}, {"out": "rows"}, Telling(origins=lambda folders, parameters: [hub]))
    good = Telling(outcome=lambda folders, parameters: Checked(result="PASSED", passed=("bounds",)), about="out_rows")
    made.stage("verify", {"rows": "rows"}, {"out_rows": "accepted", "out_verdict": "verdict"}, good)
    made.stage("base", {}, {"model": "base"}, Telling(origins=lambda folders, parameters: [weights]))
    made.stage("grpo", {"rows": "accepted", "base": "base"}, {"model": "model"})
    made.stage("evaluate", {"model": "model"}, {"predictions": "predictions"})
    yield made
    read_signer.cache_clear()
