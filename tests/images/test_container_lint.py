"""checkov over the Containerfiles: `make lint-manifests`."""

import shutil

from test_container_files import FILES, ROOT

import checkov_scan

pytestmark = checkov_scan.marks


def scan(folder):
    return checkov_scan.scan(folder, ROOT / "images/checkov.yaml")


def test_checkov_finds_nothing_in_any_containerfile(tmp_path):
    for name, path in FILES.items():
        shutil.copy(path, tmp_path / f"Dockerfile.{name}")  # it looks at files of this name alone
    passed, failed = scan(tmp_path)
    assert failed == [] and passed > 300


def test_checkov_would_find_a_container_of_root(tmp_path):
    text = FILES["data"].read_text().replace("USER 1001:0", "USER root")
    (tmp_path / "Dockerfile").write_text(text)
    assert "CKV_DOCKER_8" in {check for check, *_ in scan(tmp_path)[1]}
