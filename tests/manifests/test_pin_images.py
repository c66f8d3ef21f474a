import json
import re
import shutil
import subprocess
import sys

import pytest
import yaml
from rendered_manifests import MANIFESTS

DIGEST = "sha256:" + "7" * 64


@pytest.fixture
def copy(tmp_path):
    """The script and the part that it writes, apart from the repository's."""
    (tmp_path / "parts").mkdir()
    shutil.copytree(MANIFESTS / "parts" / "images", tmp_path / "parts" / "images")
    shutil.copy(MANIFESTS / "pin_images.py", tmp_path)
    return tmp_path


def pin(folder, locked):
    lock = folder / "images.lock"
    lock.write_text(locked if isinstance(locked, str) else json.dumps(locked))
    command = [sys.executable, str(folder / "pin_images.py"), str(lock)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def part(folder):
    return yaml.safe_load((folder / "parts" / "images" / "kustomization.yaml").read_text())


def test_digests_of_the_lock_are_written(copy):
    names = [image["name"] for image in part(copy)["images"]]
    done = pin(copy, {name: f"registry.example:5000/team/{name}@{DIGEST}" for name in [*names, "rlvr-evaluate"]})
    assert done.returncode == 0, done.stderr
    assert part(copy)["images"] == [
        {"name": name, "newName": f"registry.example:5000/team/{name}", "digest": DIGEST} for name in names
    ]


@pytest.mark.parametrize("locked", [{}, {"rlvr-data": "registry.example/rlvr-data:latest"}, "not json"])
def test_a_lock_without_the_digest_changes_nothing(copy, locked):
    before = part(copy)
    done = pin(copy, locked)
    assert done.returncode == 1
    assert re.search(r"no digest for rlvr-data|is not JSON", done.stderr)
    assert "Traceback" not in done.stderr
    assert part(copy) == before


def test_the_part_names_every_image_that_the_base_starts(copy):
    base = "".join(path.read_text() for path in (MANIFESTS / "base").glob("*.yaml"))
    assert set(re.findall(r"image: (\S+)", base)) == {image["name"] for image in part(copy)["images"]}
