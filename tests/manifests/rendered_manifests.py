"""The manifests as `kubectl apply -k` would send them."""

import functools
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

MANIFESTS = Path(__file__).parents[2] / "manifests"
OVERLAYS = ("standalone", "multi-user", "openshift", "argo", "kueue")
COMMAND = ["kustomize", "build"] if shutil.which("kustomize") else ["kubectl", "kustomize"]

needs_kustomize = pytest.mark.skipif(
    shutil.which(COMMAND[0]) is None, reason="neither kubectl nor kustomize is installed, and one of them renders"
)
every_overlay = pytest.mark.parametrize("overlay", OVERLAYS)


def render(folder: Path) -> str:
    """The YAML of a kustomization."""
    done = subprocess.run([*COMMAND, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@functools.cache
def text(overlay: str) -> str:
    """The YAML of an overlay."""
    return render(MANIFESTS / "overlays" / overlay)


@functools.cache
def resources(overlay: str) -> tuple[dict[str, Any], ...]:
    """The objects of an overlay; read them only."""
    return tuple(yaml.safe_load_all(text(overlay)))


def of_kind(overlay: str, kind: str) -> list[dict[str, Any]]:
    """The objects of a kind."""
    return [resource for resource in resources(overlay) if resource["kind"] == kind]


def named(overlay: str, kind: str, name: str) -> dict[str, Any]:
    """The one object of that kind and name."""
    (found,) = (resource for resource in of_kind(overlay, kind) if resource["metadata"]["name"] == name)
    return found


def pods(overlay: str) -> dict[str, dict[str, Any]]:
    """Pod templates (metadata and spec) by the name of their object, wherever they stand in it."""
    return {
        f"{resource['kind']} {resource['metadata']['name']}": template
        for resource in resources(overlay)
        for template in _templates(resource)
    }


def _templates(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "containers" in (value.get("spec") or {}):
            yield value
        for item in value.values():
            yield from _templates(item)
    elif isinstance(value, list):
        for item in value:
            yield from _templates(item)
