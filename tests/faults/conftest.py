"""Prints the table of faults and keeps it where `RLVR_FAULTS_TABLE` says; an S3 server, and a proxy before it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import table


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of several hands over what it counted."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["faults"] = table.counted()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    for part, fault, tried, repeated, lost in getattr(node, "workeroutput", {}).get("faults", ()):
        table.record(part, fault, tried=tried, repeated=repeated, lost=lost)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    text = table.markdown()
    if not text:
        return
    terminalreporter.section("faults tried and losses")
    terminalreporter.write(text)
    if path := os.environ.get("RLVR_FAULTS_TABLE"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    """Address of a real S3 server with the bucket `models`, which takes small parts."""
    import logging

    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    url = "http://{}:{}".format(*server.get_host_and_port())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 1)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_MAX_ATTEMPTS"):
            patch.delenv(name, raising=False)
        for name, value in {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():
            patch.setenv(name, value)
        client = boto3.client("s3", endpoint_url=url)
        client.create_bucket(Bucket="models")
        client.close()
        yield url
    server.stop()


@pytest.fixture(scope="module")
def proxy(s3_server: str) -> Iterator[object]:
    """A proxy before that server, which passes everything on until it is told otherwise."""
    from s3_proxy import Proxy

    proxy = Proxy(s3_server)
    yield proxy
    proxy.stop()
