"""Objects under an S3 prefix, from a real S3 server."""

from dataclasses import replace

import boto3
import pytest
from moto.server import ThreadedMotoServer

from rlvr.data.load import raw_rows
from rlvr.data.source import Source
from rlvr.errors import RlvrError
from rlvr.store.prefix import fetch_prefix

SOURCE = Source(name="items", title="Items", columns=("answer",), convert=dict, files="**/*.jsonl")


@pytest.fixture(scope="module")
def server():
    served = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    served.start()
    yield "http://{}:{}".format(*served.get_host_and_port())
    served.stop()


@pytest.fixture
def bucket(server, monkeypatch):
    settings = {"ENDPOINT_URL": server, "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b", "DEFAULT_REGION": "us-east-1"}
    for name, value in settings.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="sets")
    for key in ("items/b.jsonl", "items/deep/a.jsonl", "items/card.md", "items-other/c.jsonl"):
        client.put_object(Bucket="sets", Key=key, Body=b'{"answer": "%s"}' % key.encode())
    yield "s3://sets/items"
    for entry in client.list_objects_v2(Bucket="sets")["Contents"]:
        client.delete_object(Bucket="sets", Key=entry["Key"])
    client.delete_bucket(Bucket="sets")
    client.close()


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("**/*.jsonl", ["b.jsonl", "deep/a.jsonl"]),
        ("*.jsonl", ["b.jsonl"]),
        ("deep/*", ["deep/a.jsonl"]),
        ("**/*", ["b.jsonl", "card.md", "deep/a.jsonl"]),
    ],
)
def test_patterns_mean_what_they_mean_in_a_folder(bucket, tmp_path, pattern, names):
    paths = fetch_prefix(bucket, pattern, tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == names
    assert sorted(path for path in tmp_path.glob(pattern) if path.is_file()) == paths


def test_rows_come_through_the_loader(bucket):
    source = replace(SOURCE, location=bucket)
    assert [row["answer"] for row in raw_rows(source, seed=0)] == ["items/b.jsonl", "items/deep/a.jsonl"]


def test_nothing_matches(bucket, tmp_path):
    with pytest.raises(RlvrError, match=r"no object that matches '\*\.parquet'.*such as items/b.jsonl"):
        fetch_prefix(bucket, "*.parquet", tmp_path)


def test_missing_bucket(bucket, tmp_path):
    with pytest.raises(RlvrError, match="bucket of s3://absent/x does not exist .*AWS_ENDPOINT_URL"):
        fetch_prefix("s3://absent/x", "*", tmp_path)


def test_names_that_lead_out_of_the_folder(bucket, tmp_path):
    boto3.client("s3").put_object(Bucket="sets", Key="items/../../evil", Body=b"")
    with pytest.raises(RlvrError, match="leads out of the folder"):
        fetch_prefix(bucket, "**/*", tmp_path)


def test_not_an_s3_location(tmp_path):
    with pytest.raises(RlvrError, match="s3://bucket/prefix"):
        fetch_prefix("s3://", "*", tmp_path)
