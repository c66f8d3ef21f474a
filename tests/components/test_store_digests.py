"""Digests of parts, made in one reading with the manifest, and requests that are signed with them."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from rlvr.errors import RlvrError
from rlvr.store import manifest_of
from rlvr.store.limits import Limits
from rlvr.store.s3 import S3Store
from rlvr.store.s3_digests import describe_in_parts
from rlvr.store.s3_signing import Digested
from rlvr.store.tree import snapshot

PART = 1000


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 10 * PART, 12 * PART + 7])
def test_parts_and_whole(tmp_path: Path, size: int) -> None:
    data, small = os.urandom(size), os.urandom(10)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a.bin").write_bytes(data)
    (tmp_path / "b.bin").write_bytes(small)
    manifest, parts = describe_in_parts(tmp_path, snapshot(tmp_path), Limits(part_bytes=PART))
    assert manifest == manifest_of(tmp_path) and list(manifest.files) == sorted(manifest.files)
    expected = tuple(hashlib.sha256(data[start : start + PART]).hexdigest() for start in range(0, size, PART))
    assert parts == ({"sub/a.bin": expected} if size > PART else {})


def test_a_file_that_got_shorter(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(5 * PART))
    seen = snapshot(tmp_path)
    os.truncate(tmp_path / "a.bin", 2 * PART)
    with pytest.raises(RlvrError, match=r"'a\.bin' .* changed while"):
        describe_in_parts(tmp_path, seen, Limits(part_bytes=PART))


def test_the_known_digest_is_what_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    """And boto3 computes it of bodies that come without one."""
    for name, value in {"ENDPOINT_URL": "http://127.0.0.1:9", "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    client, sent = S3Store(bucket="models").bucket.client, []

    def answer(request: Any, **_: Any) -> None:
        sent.append(dict(request.headers))
        raise InterruptedError

    client.meta.events.register("before-send.s3", answer)
    body = Digested(b"abc")
    body.sha256 = "5" * 64
    for content in (body, b"abc", Digested(b"abc")):
        with pytest.raises(InterruptedError):
            client.upload_part(Bucket="models", Key="a", UploadId="u", PartNumber=1, Body=content)  # type: ignore[arg-type]
    told = [headers["X-Amz-Content-SHA256"].decode() for headers in sent]
    assert told == ["5" * 64, hashlib.sha256(b"abc").hexdigest(), hashlib.sha256(b"abc").hexdigest()]
    assert all(b"x-amz-content-sha256" in headers["Authorization"] for headers in sent)
    client.close()
