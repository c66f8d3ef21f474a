"""What only an S3 store can meet: absent servers, refused keys, missing buckets, caches. Against a real HTTP server."""

import shutil
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from boto3.exceptions import S3UploadFailedError
from botocore import exceptions
from botocore.parsers import ResponseParserError
from moto.server import ThreadedMotoServer

from rlvr.errors import RlvrError
from rlvr.store import DocumentExistsError, open_store
from rlvr.store.limits import Limits
from rlvr.store.s3 import S3Store
from rlvr.store.s3_errors import BrokenAnswerError, explain, may_pass

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture(autouse=True)
def settings(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no-credentials"),
        "RLVR_CACHE": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def store(server: str, request: pytest.FixtureRequest) -> Iterator[S3Store]:
    post(f"{server}/moto-api/reset", b"")
    store = S3Store(bucket="models", prefix="team/rlvr", limits=Limits(wait_seconds=0.01))
    store.bucket.client.create_bucket(Bucket="models")
    yield store
    store.bucket.client.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder/sub").mkdir(parents=True)
    (tmp_path / "folder/a.json").write_text("{}")
    (tmp_path / "folder/sub/b.bin").write_bytes(bytes(1000))
    return tmp_path / "folder"


def refusals(store: S3Store, folder: Path) -> Iterator[str]:
    """The messages of every way to use a store that does not work; each must be one clean paragraph."""
    digest = "0" * 64
    for ask in (
        lambda: store.put(folder),
        lambda: store.get(digest),
        lambda: store.has(digest),
        lambda: store.manifest(digest),
        lambda: store.discard(digest),
        lambda: store.write("records/a.json", "x"),
        lambda: store.write("records/a.json", "x", overwrite=True),
        lambda: store.read("records/a.json"),
        lambda: store.keys("records/"),
        lambda: store.remove("records/a.json"),
    ):
        with pytest.raises(RlvrError) as caught:
            ask()
        message = str(caught.value)
        assert store.url in message and "\n" not in message
        assert SECRET not in message and ACCESS_KEY not in message
        yield message


def post(url: str, data: bytes) -> None:
    urllib.request.urlopen(urllib.request.Request(url, data, {"Content-Type": "text/plain"})).close()


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_the_layout_in_the_bucket(store: S3Store, folder: Path) -> None:
    digest = store.put(folder).digest
    store.write("records/r.json", "{}")
    listed = store.bucket.client.list_objects_v2(Bucket="models")["Contents"]
    assert [item["Key"] for item in listed] == [
        f"team/rlvr/artifacts/{digest}/a.json",
        f"team/rlvr/artifacts/{digest}/sub/b.bin",
        f"team/rlvr/manifests/{digest}.json",
        "team/rlvr/records/r.json",
    ]
    assert store.keys("") == [f"manifests/{digest}.json", "records/r.json"]


def test_prefixes_of_one_bucket_are_separate(store: S3Store, folder: Path) -> None:
    digest = store.put(folder).digest
    for prefix in ("", "team", "team/rlvr2", "team/rlv"):
        other = S3Store(bucket="models", prefix=prefix)
        assert not other.has(digest) and other.keys("records") == []
        other.bucket.client.close()


def test_the_manifest_is_uploaded_last(store: S3Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = store.bucket.client.put_object
    done: list[str] = []

    def fail_second(**request: Any) -> object:
        if done:
            raise exceptions.ConnectionClosedError(endpoint_url="http://x")
        done.append(request["Key"])
        return upload(**request)

    monkeypatch.setattr(store.bucket.client, "put_object", fail_second)
    with pytest.raises(RlvrError, match=r"stopped answering \(ConnectionClosedError\)"):
        store.put(folder)
    assert store.keys("") == []
    monkeypatch.undo()


def test_no_server(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    store = S3Store(bucket="models")
    for message in refusals(store, folder):
        assert f"http://127.0.0.1:{port}" in message and "AWS_ENDPOINT_URL" in message
        assert "EndpointConnectionError" in message
    assert not (tmp_path / "cache").exists()


def test_a_missing_bucket(store: S3Store, folder: Path, server: str) -> None:
    for message in refusals(S3Store(bucket="absent", prefix="x"), folder):
        assert "bucket of s3://absent/x does not exist" in message and server in message


@pytest.fixture
def enforced(store: S3Store, server: str) -> Iterator[None]:
    """The server checks signatures, as a real one does."""
    post(f"{server}/moto-api/reset-auth", b"0")
    yield
    post(f"{server}/moto-api/reset-auth", b"inf")


def test_keys_that_the_server_refuses(enforced: None, folder: Path) -> None:
    for message in refusals(S3Store(bucket="models"), folder):
        assert "refused access (InvalidAccessKeyId)" in message and "AWS_ACCESS_KEY_ID" in message


def test_no_keys_at_all(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    for message in refusals(S3Store(bucket="models"), folder):
        assert "no usable credentials" in message


def test_half_of_the_keys(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    for message in refusals(S3Store(bucket="models"), folder):
        assert "no usable credentials" in message


def test_an_unknown_profile(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    for message in refusals(S3Store(bucket="models"), folder):
        assert "AWS_PROFILE" in message


def test_a_bucket_name_that_cannot_be(folder: Path) -> None:
    for message in refusals(S3Store(bucket="no spaces!"), folder):
        assert "valid bucket name" in message


def test_an_endpoint_that_is_not_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "minio:9000")
    with pytest.raises(RlvrError, match="AWS_ENDPOINT_URL is not an address"):
        S3Store(bucket="models").keys("")


def test_a_password_in_the_endpoint_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://someone:hunter2@127.0.0.1:9")
    with pytest.raises(RlvrError, match="user name or password") as caught:
        S3Store(bucket="models").keys("")
    assert "hunter2" not in str(caught.value)


def answer(code: str, status: int) -> exceptions.ClientError:
    message = f"key {ACCESS_KEY} secret {SECRET}"
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return exceptions.ClientError(response, "PutObject")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (answer("SignatureDoesNotMatch", 403), "refused access (SignatureDoesNotMatch)"),
        (answer("403", 403), "refused access (403)"),
        (answer("AccessDenied", 403), "refused access (AccessDenied)"),
        (answer("ExpiredToken", 400), "refused access (ExpiredToken)"),
        (answer("RequestTimeTooSkewed", 403), "set the clock"),
        (answer("PermanentRedirect", 301), "AWS_REGION"),
        (answer("SlowDown", 503), "kept failing (SlowDown, HTTP 503)"),
        (answer("XMinioStorageFull", 507), "no space left"),
        (answer("NoSuchKey", 404), "is missing"),
        (answer("EntityTooLarge", 400), "refused the request (EntityTooLarge, HTTP 400)"),
        (exceptions.ConnectTimeoutError(endpoint_url="http://x"), "cannot be reached"),
        (exceptions.ReadTimeoutError(endpoint_url="http://x"), "cannot be reached"),
        (exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2), "stopped answering"),
        (exceptions.SSLError(endpoint_url="http://x", error=ValueError()), "AWS_CA_BUNDLE"),
        (S3UploadFailedError("Failed: " + SECRET), "cannot be reached"),
        (urllib3.exceptions.SSLError("EOF occurred: " + SECRET), "stopped answering (SSLError)"),
        (ResponseParserError(SECRET), "arriving damaged (unreadable)"),
        (BrokenAnswerError("a listing without its content"), "arriving damaged (a listing without its content)"),
    ],
)
def test_every_answer_has_its_remedy(error: Exception, expected: str) -> None:
    message = explain(error, "s3://models", "http://host:9000")
    assert expected in message and "s3://models" in message
    assert SECRET not in message and ACCESS_KEY not in message


@pytest.mark.parametrize(
    ("error", "new", "known"),
    [
        (answer("SignatureDoesNotMatch", 403), False, False),
        (answer("NoSuchBucket", 404), False, False),
        (answer("404", 404), True, True),
        (answer("XMinioStorageFull", 507), False, False),
        (answer("NotImplemented", 501), False, False),
        (answer("InternalError", 500), False, True),
        (answer("SlowDown", 503), True, True),
        (answer("XAmzContentSHA256Mismatch", 400), True, True),
        (exceptions.EndpointConnectionError(endpoint_url="http://x"), False, True),
        (exceptions.ReadTimeoutError(endpoint_url="http://x"), False, True),
        (exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2), True, True),
        (exceptions.NoCredentialsError(), False, False),
        (exceptions.ParamValidationError(report="x"), False, False),
        (urllib3.exceptions.SSLError("EOF occurred"), True, True),
        (ResponseParserError("x"), True, True),
        (ValueError("x"), False, False),
    ],
)
def test_what_is_worth_asking_again(error: Exception, new: bool, known: bool) -> None:
    """Of a server that has not answered yet, and of one that has."""
    assert (may_pass(error, answered=False), may_pass(error, answered=True)) == (new, known)


def test_the_cause_of_a_failed_transfer_is_found() -> None:
    error = S3UploadFailedError("Failed")
    error.__context__ = answer("AccessDenied", 403)
    assert "refused access (AccessDenied)" in explain(error, "s3://models", "http://host")


def test_the_client_waits_for_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_MAX_ATTEMPTS")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    client = S3Store(bucket="models").bucket.client
    config: Any = client.meta.config
    assert (config.connect_timeout, config.read_timeout, config.signature_version) == (5, 60, "s3v4")
    sent: list[Any] = []
    client.meta.events.register("before-send.s3", lambda request, **_: sent.append(request))
    with pytest.raises(exceptions.EndpointConnectionError):
        client.list_buckets()
    assert len(sent) == 3


# The cache


def test_a_second_get_downloads_nothing(store: S3Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = store.put(folder).digest
    first = store.get(digest)

    def refuse(*_: object) -> None:
        raise AssertionError("downloaded again")

    monkeypatch.setattr("rlvr.store.s3.receive", refuse)
    assert store.get(digest) == first


def test_a_damaged_copy_in_the_cache_is_replaced(store: S3Store, folder: Path) -> None:
    digest = store.put(folder).digest
    (store.get(digest) / "a.json").unlink()
    assert (store.get(digest) / "a.json").read_text() == "{}"


def test_what_left_the_bucket_is_not_served_from_the_cache(store: S3Store, folder: Path) -> None:
    digest = store.put(folder).digest
    store.get(digest)
    store.bucket.client.delete_object(Bucket="models", Key=f"team/rlvr/manifests/{digest}.json")
    with pytest.raises(RlvrError, match="There is no artifact"):
        store.get(digest)


def test_a_damaged_download_leaves_nothing(store: S3Store, folder: Path, tmp_path: Path) -> None:
    digest = store.put(folder).digest
    store.bucket.client.put_object(Bucket="models", Key=f"team/rlvr/artifacts/{digest}/sub/b.bin", Body=b"1" * 1000)
    with pytest.raises(RlvrError, match=r"bytes of the file 'sub/b\.bin'"):
        store.get(digest)
    assert files(tmp_path / "cache") == []


def test_what_does_not_fit_on_the_disk_is_not_begun(
    store: S3Store, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = store.put(folder).digest
    asked: list[Any] = []
    store.bucket.client.meta.events.register("before-send.s3", lambda request, **_: asked.append(request.url))
    usage = shutil.disk_usage(tmp_path)._replace(free=1001)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(RlvrError, match="disk is full.*RLVR_CACHE"):
        store.get(digest)
    assert files(tmp_path / "cache") == [] and not [url for url in asked if url.endswith("b.bin")]


def test_a_cache_that_cannot_be_made(store: S3Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = store.put(folder).digest
    monkeypatch.setenv("RLVR_CACHE", str(folder / "a.json"))
    with pytest.raises(RlvrError, match="a file where a folder is needed"):
        store.get(digest)


def test_the_cache_lies_in_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RLVR_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert S3Store(bucket="models")._cache.root == tmp_path / ".cache/rlvr"


# Documents


def test_a_record_is_created_by_a_conditional_request(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another writer comes between any look and the write, so the server itself must refuse."""
    store.write("records/a.json", "theirs")
    with pytest.raises(exceptions.ClientError, match="PreconditionFailed"):
        store.bucket.client.put_object(Bucket="models", Key="team/rlvr/records/a.json", Body=b"mine", IfNoneMatch="*")
    with pytest.raises(DocumentExistsError):
        store.write("records/a.json", "mine")
    assert store.read("records/a.json") == "theirs"


def test_more_keys_than_a_page(store: S3Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")  # read by the server, which runs in this process
    for number in range(5):
        store.write(f"records/{number}", "x")
    assert store.keys("records/") == [f"records/{number}" for number in range(5)]
    for number in range(5):
        (folder / f"{number}.bin").write_bytes(b"x")
    store.verify(store.put(folder).digest)


def test_folder_markers_of_consoles_are_not_files(store: S3Store, folder: Path) -> None:
    digest = store.put(folder).digest
    for key in ("records/", f"artifacts/{digest}/", f"artifacts/{digest}/sub/"):
        store.bucket.client.put_object(Bucket="models", Key=f"team/rlvr/{key}", Body=b"")
    store.verify(digest)
    store.get(digest)
    assert store.keys("records") == []


def test_open_store_reads_the_bucket_and_prefix(store: S3Store) -> None:
    store.write("a.json", "x")
    assert open_store("s3://models/team/rlvr/").read("a.json") == "x"
