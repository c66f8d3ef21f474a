"""What waiting does not mend is said at once, with what to do: one request, or none."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from s3_proxy import Answer, Exchange, Proxy, refusal, refused
from table import record

from rlvr.errors import RlvrError
from rlvr.store.s3 import S3Store

HOPELESS = {
    "wrong key": (refused(403, "InvalidAccessKeyId"), "refused access.*AWS_ACCESS_KEY_ID"),
    "wrong secret": (refused(403, "SignatureDoesNotMatch"), "refused access.*AWS_SECRET_ACCESS_KEY"),
    "no permission": (refused(403, "AccessDenied"), "refused access.*get, put and delete"),
    "expired token": (refused(400, "ExpiredToken"), "refused access"),
    "missing bucket": (refused(404, "NoSuchBucket"), "does not exist.*create it"),
    "server's disk full": (refused(507, "XMinioStorageFull"), "no space left"),
    "quota": (refused(403, "QuotaExceeded"), "no space left"),
    "clock skew": (refused(403, "RequestTimeTooSkewed"), "clock is wrong.*set the clock"),
}


@pytest.fixture
def store(proxy: Proxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[S3Store]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
    monkeypatch.setenv("RLVR_CACHE", str(tmp_path / "cache"))
    store = S3Store(bucket="models", prefix=tmp_path.name)
    assert store.keys("") == []  # the server is known to work, so it would be waited for
    yield store
    proxy.calm()
    store.bucket.client.close()


@pytest.mark.parametrize("fault", HOPELESS)
def test_one_request_and_a_remedy(store: S3Store, proxy: Proxy, tmp_path: Path, fault: str) -> None:
    do, remedy = HOPELESS[fault]
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/a").write_bytes(b"1")
    for ask in (
        lambda: store.put(tmp_path / "folder"),
        lambda: store.get(store.put(tmp_path / "folder").digest),
        lambda: store.write("a.json", "x"),
        lambda: store.exchange("a.json", "x", "y"),
        lambda: store.keys(""),
        lambda: store.remove("a.json"),
    ):
        proxy.upset(do, 0)
        with pytest.raises(RlvrError, match=remedy):
            ask()
        asked = list(proxy.requests)
        proxy.calm()
        ask()  # as soon as it is mended
        record("object store", fault, tried=1, repeated=1)
        assert len(asked) == 1


def test_the_clock_is_told_how_far_it_is_off(store: S3Store, proxy: Proxy) -> None:
    now = datetime.now(UTC)

    def skewed(exchange: Exchange) -> None:
        exchange.body()
        answer = refusal(403, "RequestTimeTooSkewed")
        date = ("Date", format_datetime(now + timedelta(minutes=42), usegmt=True))
        exchange.give(Answer(status=403, headers=(*answer.headers, date), body=answer.body))

    proxy.upset(skewed, 0)
    with pytest.raises(RlvrError, match="this machine's clock is wrong, 4[0-2] minutes behind the server's; set the"):
        store.keys("")


def test_a_host_that_does_not_exist_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def look_up(host: str, *_: Any, **__: Any) -> None:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://mini0.example:9000")
    store = S3Store(bucket="models")
    with pytest.raises(RlvrError, match=r"no host of the name in http://mini0\.example:9000.*AWS_ENDPOINT_URL"):
        store.keys("")
    assert asked == ["mini0.example"]
    store.bucket.client.close()
