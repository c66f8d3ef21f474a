"""kubectl itself installs every overlay as the README says, finds nothing to change afterwards, and takes it away."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from object_server import Kind, ObjectServer
from rendered_manifests import MANIFESTS, every_overlay, resources

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")


@pytest.fixture
def cluster(overlay, tmp_path):
    """A server that knows the overlay's kinds and has the namespaces that the overlay does not make."""
    kinds, made, used = set(), set(), set()
    for thing in resources(overlay):
        namespace = thing["metadata"].get("namespace")
        kinds.add(Kind(version=thing["apiVersion"], name=thing["kind"], namespaced=namespace is not None))
        used |= {namespace} - {None}
        made |= {thing["metadata"]["name"]} if thing["kind"] == "Namespace" else set()
    server = ObjectServer(kinds, used - made)
    server.config = server.kubeconfig(tmp_path / "kubeconfig")
    yield server
    server.stop()


def kubectl(cluster, *arguments):
    """What kubectl prints; it keeps what it learns of the server in the test's own folder."""
    environment = {**os.environ, "KUBECONFIG": str(cluster.config), "HOME": str(Path(cluster.config).parent)}
    command = ["kubectl", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@every_overlay
def test_an_overlay_is_applied_applied_again_and_deleted(cluster, overlay):
    folder, before = str(MANIFESTS / "overlays" / overlay), set(cluster.objects)
    # The server publishes no schemas to validate by; test_manifest_schemas has them.
    first = kubectl(cluster, "apply", "--validate=false", "-k", folder).splitlines()
    assert len(first) == len(resources(overlay)) and all(line.endswith(" created") for line in first)
    assert len(cluster.objects) == len(before) + len(first)
    changes = list(cluster.changes)
    again = kubectl(cluster, "apply", "--validate=false", "-k", folder).splitlines()
    assert len(again) == len(first) and all(line.endswith(" unchanged") for line in again)
    assert cluster.changes == changes
    assert len(kubectl(cluster, "delete", "--ignore-not-found", "-k", folder).splitlines()) >= 1
    assert set(cluster.objects) == before
