"""What `rlvr audit verify` says after somebody with access to the store has been at work: a table of deeds.

Every deed is done to the raw files or objects, behind the store's back, in a folder and in a bucket.
"""

import base64
import json
import re

import pytest
from typer.testing import CliRunner

from rlvr.lineage import ledger
from rlvr.lineage.envelope import sealed
from rlvr.lineage.keys import make_key, read_signer, signer
from rlvr.store import LocalStore, open_store
from rlvr_pipelines.cli import app


class Raw:
    """Bytes by key, as they lie in the folder or the bucket."""

    def __init__(self, root):
        self.root = root

    def _path(self, key):
        path = self.root / key
        for each in (path.parent, path):
            if each.exists():
                each.chmod(0o755 if each.is_dir() else 0o644)
        return path

    def read(self, key):
        return self._path(key).read_bytes()

    def write(self, key, data):
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def remove(self, key):
        self._path(key).unlink()


class RawBucket:
    def __init__(self, client):
        self.client = client

    def read(self, key):
        return self.client.get_object(Bucket="lineage", Key=f"team/rlvr/{key}")["Body"].read()

    def write(self, key, data):
        self.client.put_object(Bucket="lineage", Key=f"team/rlvr/{key}", Body=data)

    def remove(self, key):
        self.client.delete_object(Bucket="lineage", Key=f"team/rlvr/{key}")


@pytest.fixture(params=["folder", "bucket"])
def raw(request, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    if request.param == "folder":
        yield Raw(tmp_path / "store")
        return
    yield RawBucket(request.getfixturevalue("bucket"))


@pytest.fixture
def kept(raw):
    return LocalStore(raw.root) if isinstance(raw, Raw) else open_store("s3://lineage/team/rlvr")


def audit(story, *more, name="model"):
    """Exit code of `rlvr audit verify`, and kind and subject of every failure that it prints."""
    said = ["audit", "verify", story.digests[name], "--store", story.store.url, *map(str, more)]
    done = CliRunner().invoke(app, said, catch_exceptions=False)
    lines = [re.split(r"\s{2,}", line, maxsplit=3) for line in done.stdout.splitlines()]
    return done.exit_code, [tuple(line[1:3]) for line in lines if line[0] == "failure"], " ".join(done.stdout.split())


def content(story, name):
    return f"artifacts/{story.digests[name]}/content.txt"


def an_edited_byte(story, raw):
    data = bytearray(raw.read(content(story, "rows")))
    data[3] ^= 1
    raw.write(content(story, "rows"), bytes(data))


def a_renamed_file(story, raw):
    raw.write(content(story, "rows").replace("content", "other"), raw.read(content(story, "rows")))
    raw.remove(content(story, "rows"))


def an_extra_file(story, raw):
    raw.write(content(story, "rows").replace("content", "extra"), b"more")


def a_missing_file(story, raw):
    raw.remove(content(story, "rows"))


def a_swapped_data_set(story, raw):
    """Files and manifest of the rows are those of other rows."""
    raw.write(content(story, "rows"), b"other rows")
    there = json.loads(raw.read(f"manifests/{story.digests['rows']}.json"))
    there["files"]["content.txt"] |= {"size": 10}
    raw.write(f"manifests/{story.digests['rows']}.json", json.dumps(there).encode())


def a_manifest_of_another_artifact(story, raw):
    raw.write(f"manifests/{story.digests['rows']}.json", raw.read(f"manifests/{story.digests['base']}.json"))


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        (an_edited_byte, "the bytes of the file 'content.txt' do not have the recorded SHA-256"),
        (a_renamed_file, "'content.txt' is missing"),
        (an_extra_file, "'extra.txt' is not in its manifest"),
        (a_missing_file, "'content.txt' is missing"),
        (a_swapped_data_set, "is damaged"),
        (a_manifest_of_another_artifact, "is damaged"),
    ],
)
def test_what_is_done_to_the_bytes_behind_a_model(story, raw, deed, words):
    deed(story, raw)
    code, found, said = audit(story)
    assert (code, found) == (1, [("bytes", story.digests["rows"][:12])])
    assert words in said


def forged(story, raw):
    """The words of a statement are changed; its signature is not."""
    envelope = json.loads(raw.read(ledger.key(5)))
    payload = base64.b64decode(envelope["payload"]).replace(b'"steps":3', b'"steps":9')
    raw.write(ledger.key(5), json.dumps({**envelope, "payload": base64.b64encode(payload).decode()}).encode())


def garbage(story, raw):
    raw.write(ledger.key(5), b"\xff\x00 no statement")


def signed_by_a_stranger(story, raw):
    stranger = story.folder / "elsewhere" / "stranger.pem"
    make_key(stranger)
    said = payload(raw, 5)
    raw.write(ledger.key(5), sealed(said, read_signer(stranger)).encode())


def repeated(story, raw):
    raw.write(ledger.key(7), raw.read(ledger.key(2)))


def deleted(story, raw):
    raw.remove(ledger.key(3))


def deleted_at_the_end(story, raw):
    raw.remove(ledger.key(6))


def deleted_at_the_end_and_covered(story, raw):
    raw.remove(ledger.key(6))
    story.stage("report", {"rows": "rows"}, {"out": "verdict"})


def reordered(story, raw):
    first, second = raw.read(ledger.key(3)), raw.read(ledger.key(4))
    raw.write(ledger.key(3), second)
    raw.write(ledger.key(4), first)


def rewritten_by_who_has_the_key(story, raw):
    said = payload(raw, 3)
    said["predicate"]["passedTests"] = ["everything"]
    raw.write(ledger.key(3), sealed(said, signer()).encode())


def payload(raw, index):
    return json.loads(base64.b64decode(json.loads(raw.read(ledger.key(index)))["payload"]))


@pytest.mark.parametrize(
    ("deed", "expected"),
    [
        (forged, [("signature", 5), ("history", 6)]),
        (garbage, [("statement", 5), ("history", 6)]),
        (signed_by_a_stranger, [("key", 5), ("history", 6)]),
        (repeated, [("order", 7)]),
        (deleted, [("statement missing", 3)]),
        (deleted_at_the_end, [("statement missing", 6)]),
        (deleted_at_the_end_and_covered, [("statement missing", 6)]),
        (reordered, [("order", 3), ("order", 4), ("history", 5)]),
        (rewritten_by_who_has_the_key, [("history", 4)]),
    ],
)
def test_what_is_done_to_the_ledger(story, raw, deed, expected):
    deed(story, raw)
    code, found, _ = audit(story)
    named = [(kind, ledger.key(index)) for kind, index in expected]
    assert code == 1 and [one for one in found if one in named] == named
    # What the statements that no longer count explained is not explained any more; nothing else is accused.
    told = {("no statement", story.digests["model"][:12]), ("unexplained input", story.digests["base"][:12])}
    assert set(found) - set(named) <= told


def test_a_model_that_was_trained_on_other_rows(story):
    story.artifact("swapped", "rows from nowhere")
    story.artifact("second", "a model of these")
    story.stage("grpo", {"rows": "swapped", "base": "base"}, {"model": "second"})
    code, found, _ = audit(story, name="second")
    assert (code, found) == (1, [("unexplained input", story.digests["swapped"][:12])])


def test_a_model_put_where_no_stage_put_it(story):
    story.artifact("planted", "weights from elsewhere")
    code, found, _ = audit(story, name="planted")
    assert (code, found) == (1, [("no statement", story.digests["planted"][:12])])


def test_a_store_put_back_to_yesterday_with_its_note(story, raw):
    """Nothing in the store shows it: what this machine, or a file of the auditor's, saw before does."""
    before = raw.read(ledger.HINT)
    story.stage("report", {"rows": "rows"}, {"out": "verdict"})
    kept = story.folder / "witness.json"
    assert audit(story)[0] == audit(story, "--witness", kept)[0] == 0
    raw.remove(ledger.key(7))
    raw.write(ledger.HINT, before)
    expected = (1, [("rolled back", ledger.key(7))])
    assert audit(story)[:2] == audit(story, "--witness", kept)[:2] == expected
    assert audit(story, "--witness", story.folder / "new.json")[0] == 0


def test_an_auditor_who_trusts_another_key(story):
    make_key(story.folder / "others" / "stranger.pem")
    code, found, said = audit(story, "--keys", story.folder / "others")
    assert code == 1 and {kind for kind, _ in found} == {"key", "no statement"}
    assert "not among the 1 trusted ones" in said


def test_a_clean_store_passes(story):
    code, found, said = audit(story)
    assert (code, found) == (0, [])
    assert "stands up: 6 statements checked, the bytes of 5 artifacts read again" in said
