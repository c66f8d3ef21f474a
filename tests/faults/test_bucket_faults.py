"""Every operation of a store in a bucket under every fault of network and server.

A fault that passes is not noticed: result and bucket are those of an undisturbed run. One that lasts may end in a
readable error; then the same call, made again on a better day, gives that result and that bucket.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from operations import OPERATIONS, PART_BYTES, TYPICAL, Operation, Place, own_key, state
from s3_proxy import FAULTS, Proxy
from table import record

from rlvr.errors import RlvrError
from rlvr.store.limits import Limits
from rlvr.store.s3 import S3Store

LIMITS = Limits(
    read_seconds=1.0, attempts=4, wait_seconds=0.02, connections=4, part_bytes=PART_BYTES, window_bytes=1 << 20
)
SLOW = ("answer after the time-out", "silence in the answer", "request arrives late")
SCOPES = ["some", pytest.param("all", marks=pytest.mark.faults)]


@dataclass(kw_only=True, eq=False)
class Bench:
    """Two stores behind the proxy, one that soon gives up, and one that sees the same bucket without it."""

    proxy: Proxy
    place: Place
    patient: S3Store
    hasty: S3Store
    plain: S3Store
    folder: Path
    patch: pytest.MonkeyPatch
    number: int = 0

    def prepare(self, operation: Operation) -> None:
        """A prefix and a cache that are empty but for what the operation wants to find."""
        self.number += 1
        self.proxy.settle()
        self.proxy.calm()
        self.patch.setenv("RLVR_CACHE", str(self.folder / f"cache{self.number}"))
        for store in (self.patient, self.hasty, self.plain):
            store.bucket.prefix = f"{self.folder.name}/{self.number}/"
        operation.before(self.plain, self.place)

    def again(self, operation: Operation) -> Any:
        """Do what the hasty store gave up, on a better day and with all the time it needs."""
        self.proxy.settle()
        self.proxy.calm()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.hasty.bucket, "client", self.plain.bucket.client)
            patch.setattr(self.hasty.bucket, "limits", self.plain.bucket.limits)
            return operation.act(self.hasty, self.place)

    def state(self) -> dict[str, str]:
        self.proxy.settle()
        self.proxy.calm()
        return state(self.plain)

    @cache  # noqa: B019 (one bench a module)
    def undisturbed(self, name: str) -> tuple[Any, dict[str, str], int]:
        """Result, bucket, and number of requests of an operation that nothing disturbs."""
        self.prepare(OPERATIONS[name])
        result = OPERATIONS[name].act(self.patient, self.place)
        count = len(self.proxy.requests)
        return result, self.state(), count


@pytest.fixture(scope="module")
def bench(proxy: Proxy, s3_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RLVR_SIGNING_KEY", str(own_key(folder)))
        hurried = SimpleNamespace(**{**vars(time), "sleep": lambda seconds: time.sleep(seconds / 50)})
        patch.setattr(
            "botocore.endpoint.time", hurried
        )  # the waits of boto3 itself, seconds when it is told to slow down
        stores = []
        for url, limits, attempts in (
            (proxy.url, LIMITS, "3"),
            (proxy.url, replace(LIMITS, attempts=2), "1"),
            (s3_server, replace(LIMITS, read_seconds=60.0), "3"),
        ):
            patch.setenv("AWS_ENDPOINT_URL", url)
            patch.setenv("AWS_MAX_ATTEMPTS", attempts)
            stores.append(S3Store(bucket="models", limits=limits))
            assert stores[-1].keys("nothing") == []
        patient, hasty, plain = stores
        place = Place.make(folder / "place")
        bench = Bench(proxy=proxy, place=place, patient=patient, hasty=hasty, plain=plain, folder=folder, patch=patch)
        yield bench
        for store in stores:
            store.bucket.client.close()


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_passes_is_not_noticed(bench: Bench, fault: str, scope: str) -> None:
    """At one request of the operation, or, one after the other, at each of them."""
    chance = random.Random(fault)
    for name in TYPICAL if scope == "some" and fault in SLOW else OPERATIONS:
        result, after, count = bench.undisturbed(name)
        for number in [chance.randrange(count)] if scope == "some" else range(count):
            bench.prepare(OPERATIONS[name])
            bench.proxy.upset(FAULTS[fault], number, number)
            try:
                outcome = OPERATIONS[name].act(bench.patient, bench.place), bench.state()
            except Exception as error:
                outcome = repr(error), {}
            record("object store", fault, tried=1, lost=outcome != (result, after))
            assert outcome == (result, after), f"{name}, request {number} of {count}"


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_lasts_ends_in_a_clear_message(bench: Bench, fault: str, scope: str) -> None:
    """From some request on, until the operation gives up; then it is repeated."""
    chance = random.Random(fault)
    for name in TYPICAL if scope == "some" else OPERATIONS:
        result, after, count = bench.undisturbed(name)
        for first in [chance.randrange(count)] if scope == "some" or fault in SLOW else range(count):
            bench.prepare(OPERATIONS[name])
            bench.proxy.upset(FAULTS[fault], first)
            message = ""
            try:
                outcome = OPERATIONS[name].act(bench.hasty, bench.place)
            except RlvrError as error:
                message = str(error)
                outcome = bench.again(OPERATIONS[name])
            found = outcome, bench.state()
            lost = found != (result, after)
            record("object store", f"{fault}, lasting", tried=1, repeated=bool(message) and not lost, lost=lost)
            assert found == (result, after), f"{name}, from request {first} of {count} on: {message}"
            if message:
                assert bench.hasty.url in message and "\n" not in message and "testing" not in message
