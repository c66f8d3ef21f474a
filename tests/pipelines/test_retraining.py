"""A schedule's runs read their data again each time, and train again only if the content has changed."""

import io
import json
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer
from PIL import Image

from rlvr.canonical import plain
from rlvr.provenance import perform, read_manifest

trained = []


def train(*, rows, model):
    trained.append(rows.name)
    (model / "weights").write_text(rows.name)


@pytest.fixture
def bucket(monkeypatch, tmp_path):
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    settings = {
        "AWS_ENDPOINT_URL": "http://{}:{}".format(*server.get_host_and_port()), "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1", "RLVR_CACHE": str(tmp_path / "cache"),
    }  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    from rlvr.store.s3_client import connect

    client = connect("s3://rows")
    client.create_bucket(Bucket="rows")
    yield client
    client.close()
    server.stop()


def put(client, counts):
    pictures = []
    for count in counts:
        stream = io.BytesIO()
        Image.new("RGB", (28, 28), (20 * count, 90, 90)).save(stream, "PNG")
        pictures.append({"bytes": stream.getvalue(), "path": None})
    table = {"image": pictures, "problem": ["How many?"] * len(counts), "solution": [str(count) for count in counts]}
    body = io.BytesIO()
    pq.write_table(pa.table(table), body)
    client.put_object(Bucket="rows", Key="counts/rows.parquet", Body=body.getvalue())


def run(folder, number):
    """The first stages of a run; each run has folders of its own, as pods have."""
    from rlvr.stages.ingest import ingest
    from rlvr_pipelines.methods import METHODS
    from rlvr_pipelines.own import with_own
    from rlvr_pipelines.profiles import profile

    columns = "image=image,problem=problem,solution=solution"
    own = with_own(profile("laptop"), data="s3://rows/counts", columns=columns).scaled(METHODS["r1_v"])
    sources = json.dumps([{"task": task.name, "source": plain(task.source)} for task in own.tasks])
    rows, model = (SimpleNamespace(path=str(folder / f"{name}{number}"), metadata={}) for name in ("rows", "model"))
    store = str(folder / "store")
    ingest.python_func(store=store, seed=0, label="ingest", sources=sources, rows=rows)
    perform(train, store=store, inputs={"rows": rows}, outputs={"model": model}, parameters={})
    return read_manifest(model)["digest"]


def test_the_same_content_is_not_trained_on_again_and_new_content_is(bucket, tmp_path):
    trained.clear()
    put(bucket, [3, 4])
    first = run(tmp_path, 1)
    put(bucket, [3, 4])  # uploaded again: a new object of the same content
    assert run(tmp_path, 2) == first and len(trained) == 1
    put(bucket, [3, 4, 5])
    assert run(tmp_path, 3) != first and len(trained) == 2
    put(bucket, [3, 4])
    assert run(tmp_path, 4) == first and len(trained) == 2
