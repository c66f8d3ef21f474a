"""Release signatures: made and checked by the OpenSSF's own package, through the commands."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

pytest.importorskip("model_signing.signing", reason="model-signing is not installed")

from rlvr.lineage.keys import trusted
from rlvr.lineage.release import make_release_key
from rlvr_pipelines.cli import app


@pytest.fixture
def rlvr(story, monkeypatch, tmp_path):
    """Runs an audit command on the story's model."""
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))

    def call(command, *more, name="model"):
        said = ["audit", command, story.digests[name], "--store", story.store.url, *map(str, more)]
        return CliRunner().invoke(app, said)

    return call


@pytest.fixture
def key(tmp_path):
    """A private key whose public half the auditor trusts for releases."""
    done = CliRunner().invoke(app, ["audit", "key", str(tmp_path / "release.pem"), "--release"])
    assert done.exit_code == 0 and "releases/" in done.stdout
    (tmp_path / "keys" / "releases").mkdir()
    (tmp_path / "keys" / "releases" / "maintainers.pub").write_bytes((tmp_path / "release.pub").read_bytes())
    return tmp_path / "release.pem"


def test_a_signed_model_passes_and_a_policy_may_ask_for_it(rlvr, key, tmp_path):
    policy = tmp_path / "policy.toml"
    policy.write_text("release_signature = true\n")
    done = rlvr("verify", "--policy", policy)
    assert done.exit_code == 3 and "carries no release signature that holds" in done.stdout
    assert rlvr("sign", "--key", key).exit_code == 0
    done = rlvr("verify", "--policy", policy)
    assert done.exit_code == 0 and "signed for release by maintainers" in done.stdout


def test_the_packages_own_command_accepts_the_signature(rlvr, key, story, tmp_path):
    assert rlvr("sign", "--key", key, "-o", tmp_path / "model.sig").exit_code == 0
    folder = story.store.get(story.digests["model"])
    check = [
        sys.executable, "-m", "model_signing", "verify", "key", "--signature", tmp_path / "model.sig",
        "--public_key", tmp_path / "release.pub", folder,
    ]  # fmt: skip
    assert subprocess.run(check, capture_output=True, timeout=120).returncode == 0
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "content.txt").write_text("other weights")
    assert subprocess.run([*check[:-1], copy], capture_output=True, timeout=120).returncode != 0


def test_a_signature_of_another_model_is_a_failure(rlvr, key, story):
    assert rlvr("sign", "--key", key, name="base").exit_code == 0
    (there,) = story.store.keys("signatures/")
    text = story.store.read(there)
    story.store.write(there.replace(story.digests["base"], story.digests["model"]), text)
    done = rlvr("verify")
    assert done.exit_code == 1 and "release signature" in done.stdout and "by maintainers does not fit" in done.stdout
    assert rlvr("verify", name="base").exit_code == 0


@pytest.mark.parametrize("change", [lambda told: told.update(dsseEnvelope={}), lambda told: told.update(mediaType="x")])
def test_a_damaged_signature_is_a_failure(rlvr, key, story, change):
    assert rlvr("sign", "--key", key).exit_code == 0
    (there,) = story.store.keys("signatures/")
    told = json.loads(story.store.read(there))
    change(told)
    story.store.write(there, json.dumps(told), overwrite=True)
    done = rlvr("verify")
    assert done.exit_code == 1 and "by maintainers does not fit" in done.stdout


def test_a_key_that_nobody_trusts_is_named(rlvr, key, story, tmp_path):
    make_release_key(tmp_path / "elsewhere" / "stranger.pem")
    assert rlvr("sign", "--key", tmp_path / "elsewhere" / "stranger.pem").exit_code == 0
    done = rlvr("verify")
    assert done.exit_code == 0 and "a key that is not among the 1 of" in done.stdout
    story.store.write(f"signatures/{story.digests['model']}/nothing.json", "{")
    assert rlvr("verify").exit_code == 0


def test_what_does_not_stand_up_is_not_signed(rlvr, key, story):
    path = story.store.root / "artifacts" / story.digests["rows"] / "content.txt"
    path.chmod(0o644)
    path.write_text("other rows")
    done = rlvr("sign", "--key", key)
    assert done.exit_code == 1 and "it was not signed" in str(done.exception)
    assert story.store.keys("signatures/") == []


def test_a_statements_key_signs_no_release(rlvr, key, tmp_path):
    done = rlvr("sign", "--key", tmp_path / "keys" / "machine.pem")
    assert done.exit_code == 1 and "of the curve P-256" in str(done.exception)
    assert len(trusted().releases) == 1
