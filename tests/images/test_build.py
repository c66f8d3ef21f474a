"""The script that builds the images, as far as it works without a container runtime."""

import json
import os
import stat
import subprocess

import build
import pip_settings
import pytest

DIGEST = f"registry.example/team/rlvr-data@sha256:{'a' * 64}"


def executable(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_without_a_runtime_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(build.BuildError, match="Neither podman nor docker"):
        build.main([])


def test_an_unknown_image_is_named():
    with pytest.raises(build.BuildError, match="no image trian; choose of data, train, evaluate, lmms-eval"):
        build.main(["trian"])


def test_the_lock_keeps_other_entries_and_refuses_what_is_no_digest(tmp_path):
    from rlvr_pipelines.compile import images

    path = tmp_path / "images.lock"
    for name in ("train", "evaluate", "data"):
        build.lock(path, name, DIGEST.replace("rlvr-data", f"rlvr-{name}"))
    assert images(path)["rlvr-data"] == DIGEST
    assert json.loads(path.read_text()).keys() == {"rlvr-data", "rlvr-train", "rlvr-evaluate"}
    with pytest.raises(build.BuildError, match="gave no digest"):
        build.lock(path, "data", "registry.example/team/rlvr-data:latest")
    assert images(path)["rlvr-data"] == DIGEST
    assert [entry.name for entry in tmp_path.iterdir()] == ["images.lock"]


def test_licences_are_listed_as_packages_state_them():
    sbom = {
        "components": [
            {"name": "zeta", "version": "2", "licenses": [{"license": {"id": "MIT"}}, {"license": {"name": "MIT"}}]},
            {"name": "alpha", "version": "1", "licenses": [{"expression": "Apache-2.0 OR MIT"}]},
            {"name": "Beta", "version": "3", "licenses": [{"license": {"name": "Long text, of Beta\nand more"}}]},
            {"name": "gamma", "version": "4"},
        ]
    }
    assert build.licences(sbom).splitlines() == [
        "package,version,licence",
        "alpha,1,Apache-2.0 OR MIT",
        'Beta,3,"Long text, of Beta"',
        "gamma,4,not stated",
        "zeta,2,MIT",
    ]


def test_the_build_gets_pip_s_settings_as_secrets(monkeypatch, tmp_path):
    folder = tmp_path / "index" / "simple"
    folder.mkdir(parents=True)
    certificates = tmp_path / "ca.pem"
    certificates.touch()
    configuration = tmp_path / "pip.conf"
    configuration.write_text(
        f"[global]\nindex-url = https://name:password@index.example/simple\nextra-index-url = file://{folder}\n"
        f"cert = {certificates}\nno-color = true\n"
    )
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "7")
    secrets, folders = pip_settings.pip_settings(tmp_path / "secrets")
    text = secrets["pip"].read_text()
    assert "index-url = https://name:password@index.example/simple\n" in text and "timeout = 7\n" in text
    assert f"find-links = {tmp_path}\n" in text and "no-color" not in text and "cert" not in text
    assert secrets["pip"].stat().st_mode & 0o077 == 0
    assert secrets["certificates"] == certificates
    assert {str(tmp_path), str(tmp_path / "index")} <= set(folders)


def git(folder, *arguments):
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    environment = {**os.environ, "GIT_AUTHOR_DATE": "1700000000 +0000", "GIT_COMMITTER_DATE": "1700000000 +0000"}
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def test_an_image_that_is_pushed_is_of_one_commit(monkeypatch, tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "README.md").write_text("one")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "README.md")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    revision = git(tmp_path, "rev-parse", "HEAD")
    about = {"revision": revision, "epoch": "1700000000", "created": "2023-11-14T22:13:20Z"}
    assert build.commit() == about
    build.lock(tmp_path / "images/images.lock", "data", DIGEST)
    assert build.commit() == about, "the push of one image does not stand in the way of the next one's"
    (tmp_path / "README.md").write_text("two")
    assert build.commit() == about | {"revision": ""}
    monkeypatch.setattr(build, "build", lambda *arguments, **options: pytest.fail("built what cannot be pushed"))
    for act in (
        lambda: build.push("podman", "data", "registry.example/team"),
        lambda: build.main(["data", "--registry", "registry.example/team", "--runtime", "podman"]),
    ):
        with pytest.raises(build.BuildError, match="commit the changes"):
            act()


def test_the_command_names_base_variant_and_dates_but_no_secret(monkeypatch, tmp_path):
    executable(tmp_path / "podman", f'echo "$@" >> {tmp_path}/commands')
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("PIP_INDEX_URL", "https://name:password@index.example/simple")
    build.build("podman", "train", variant="cpu", base="base:test", further=["--isolation", "chroot"])
    command = (tmp_path / "commands").read_text()
    assert "--build-arg VARIANT=cpu" in command and "--build-arg BASE=base:test" in command
    assert f"--timestamp {build.commit()['epoch']}" in command and "--isolation chroot" in command
    assert "--secret id=pip,src=" in command and "password" not in command
