"""Disks that are full and files that may not grow: everything that was there stays, and nothing half-written does."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from operations import LARGE, PART_BYTES, Place, own_key
from table import record

PROCESS = """
import os, resource, shutil, sys
from pathlib import Path
from types import SimpleNamespace
sys.path.insert(0, sys.argv[1])
from operations import Place, contents, write
from rlvr.errors import RlvrError
from rlvr.store import LocalStore
from rlvr.store.limits import Limits
from rlvr.store.s3 import S3Store

fault, kind, disk, place = sys.argv[2], sys.argv[3], Path(sys.argv[4]), Place(**{
    name: Path(sys.argv[5]) / name for name in ("small", "large")})
os.environ["RLVR_CACHE"] = str(disk / "cache")
if kind == "local":
    store = LocalStore(disk / "store")
else:
    store = S3Store(bucket="models", prefix=sys.argv[6], limits=Limits(connections=3, part_bytes=int(sys.argv[7])))
store.put(place.small)
store.get(place.digest("small"))
write("old")(store, place)
if kind == "s3":
    store.put(place.large)
filler = disk / "filler"
if fault == "filled":  # there was room when it was looked at, and then others took it
    shutil.disk_usage = lambda _: SimpleNamespace(free=1 << 40)
if fault != "limit":
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65536))
        except OSError:
            pass
    with filler.open("rb+") as file:
        file.truncate(filler.stat().st_size - 300000)  # room for the first file, not for the second
else:
    resource.setrlimit(resource.RLIMIT_FSIZE, (270000, resource.RLIM_INFINITY))
expected = "larger than this process" if fault == "limit" else "disk is full"
try:
    store.put(place.large) if kind == "local" else store.get(place.digest("large"))
except RlvrError as error:
    assert expected in str(error), error
    assert "\\n" not in str(error)
else:
    raise SystemExit("it fitted")
if fault != "limit":  # the very last block
    with filler.open("ab", buffering=0) as file:
        try:
            while file.write(bytes(4096)) == 4096:
                pass
        except OSError:
            pass
    if kind == "local":
        long = "x" * 99999
        for ask in (lambda: store.write("new.json", long), lambda: store.exchange("champions/a.json", "old", long)):
            try:
                ask()
            except RlvrError as error:
                assert expected in str(error), error
            else:
                raise SystemExit("it fitted")
assert contents(store.get(place.digest("small"))) == contents(place.small)
assert store.read("champions/a.json") == "old"
assert store.read("new.json") is None
root = disk / ("store" if kind == "local" else "cache")
assert list((root / ".staging").iterdir()) == [], list((root / ".staging").iterdir())
assert not LocalStore(root).has(place.digest("large"))
filler.unlink(missing_ok=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.put(place.large)
assert contents(store.get(place.digest("large"))) == contents(place.large)
"""


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("full", "local"), ("full", "s3"), ("filled", "s3"), ("limit", "local"), ("limit", "s3")],
)
def test_a_disk_that_takes_no_more(
    s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, kind: str
) -> None:
    """On a tmpfs of 2 MB in a mount namespace of its own; or with a limit on the size of files."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("RLVR_SIGNING_KEY", str(own_key(tmp_path)))
    disk, script = tmp_path / "disk", tmp_path / "process.py"
    disk.mkdir()
    script.write_text(PROCESS)
    Place.make(tmp_path / "place")
    assert max(map(len, LARGE.values())) > 270_000
    arguments = [Path(__file__).parent, fault, kind, disk, tmp_path / "place", tmp_path.name, PART_BYTES]
    command = [sys.executable, str(script), *map(str, arguments)]
    if fault != "limit":
        mount = f"mount -t tmpfs -o size=2m tmpfs '{disk}'"
        private = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
        if not shutil.which("unshare") or subprocess.run([*private, mount], capture_output=True).returncode:
            pytest.skip("this machine allows no mount namespaces")
        command = [*private, f'{mount} && exec "$@"', "sh", *command]
    done = subprocess.run(command, capture_output=True, text=True)
    what = "limit on the size of files" if fault == "limit" else "full disk"
    record("object store", f"{what} ({kind})", tried=1, repeated=done.returncode == 0, lost=done.returncode != 0)
    assert done.returncode == 0, done.stderr
