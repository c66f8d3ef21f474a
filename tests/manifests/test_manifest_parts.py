"""Overlays as a platform team changes them: another namespace, further parts, an overlay of its own on top."""

import os
import shutil

import pytest
import yaml
from network_rules import Address, Pod, connects
from rendered_manifests import MANIFESTS, OVERLAYS, every_overlay, needs_kustomize, render

pytestmark = needs_kustomize


def own_overlay(folder, overlay, part):
    """An overlay outside the repository that puts a part on top of one of ours."""
    places = {"overlay": MANIFESTS / "overlays" / overlay, "part": MANIFESTS / "parts" / part}
    places = {name: os.path.relpath(path, folder) for name, path in places.items()}
    content = {"resources": [places["overlay"]], "components": [places["part"]]}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(content))
    return list(yaml.safe_load_all(render(folder)))


@every_overlay
def test_a_namespace_is_changed_in_one_place(tmp_path, overlay):
    shutil.copytree(MANIFESTS, tmp_path / "manifests")
    overlays = tmp_path / "manifests" / "overlays"
    file = overlays / ("standalone" if overlay == "kueue" else overlay) / "namespace.yaml"
    content = yaml.safe_load(file.read_text())
    content["metadata"]["namespace"] = "elsewhere"
    file.write_text(yaml.safe_dump(content))
    for item in yaml.safe_load_all(render(overlays / overlay)):
        if item["kind"] == "Namespace":
            assert item["metadata"]["name"] == "elsewhere"
        elif item["kind"] == "ClusterQueue":
            assert item["spec"]["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "elsewhere"}
        elif item["kind"] != "ResourceFlavor":
            assert item["metadata"]["namespace"] == "elsewhere"
        assert {one["namespace"] for one in item.get("subjects", [])} <= {"elsewhere"}


@pytest.mark.parametrize("overlay", [name for name in OVERLAYS if name != "kueue"])
def test_queues_go_with_every_installation(tmp_path, overlay):
    found = own_overlay(tmp_path, overlay, "kueue")
    (local,) = (item for item in found if item["kind"] == "LocalQueue")
    (whole,) = (item for item in found if item["kind"] == "ClusterQueue")
    (account,) = (item for item in found if item["metadata"]["name"] == "rlvr-training")
    space = account["metadata"]["namespace"]
    assert local["metadata"]["namespace"] == space
    assert local["spec"]["clusterQueue"] == whole["metadata"]["name"]
    assert whole["spec"]["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": space}


def test_a_store_outside_is_one_line_away(tmp_path):
    shutil.copytree(MANIFESTS, tmp_path / "manifests")
    folder = tmp_path / "manifests" / "overlays" / "standalone"
    file = folder / "kustomization.yaml"
    assert "# - ../../parts/https-outside" in file.read_text()
    before = list(yaml.safe_load_all(render(folder)))
    file.write_text(file.read_text().replace("# - ../../parts/https-outside", "- ../../parts/https-outside"))
    after = list(yaml.safe_load_all(render(folder)))
    labels = {"app.kubernetes.io/part-of": "rlvr", "app.kubernetes.io/component": "training"}
    for rendered, expected in ((before, False), (after, True)):
        policies = [item for item in rendered if item["kind"] == "NetworkPolicy"]
        assert connects(policies, Pod("kubeflow", labels), Address("203.0.113.7"), 443) is expected
        assert not connects(policies, Pod("kubeflow", labels), Address("169.254.169.254"), 443)


SERVERS = [  # part -> what it opens, and the port
    ("model-registry", Pod("kubeflow", {"component": "model-registry-server"}), 8080),
    ("openlineage", Pod("marquez", {"app.kubernetes.io/component": "marquez"}), 5000),
]


@pytest.mark.parametrize(("part", "server", "port"), SERVERS, ids=[part for part, *_ in SERVERS])
@pytest.mark.parametrize("overlay", ["standalone", "multi-user"])
def test_pipeline_pods_reach_a_server_where_its_part_is_asked_for(tmp_path, overlay, part, server, port):
    shutil.copytree(MANIFESTS, tmp_path / "manifests")
    folder = tmp_path / "manifests" / "overlays" / overlay
    file = folder / "kustomization.yaml"
    before = list(yaml.safe_load_all(render(folder)))
    file.write_text(file.read_text().replace(f"# - ../../parts/{part}", f"- ../../parts/{part}"))
    after = list(yaml.safe_load_all(render(folder)))
    for rendered, open_to_it in ((before, False), (after, True)):
        policies = [item for item in rendered if item["kind"] == "NetworkPolicy"]
        space = policies[0]["metadata"]["namespace"]
        for component, expected in ((None, open_to_it), ("training", False), ("reaper", False)):
            labels = {"app.kubernetes.io/part-of": "rlvr"}
            labels |= {"app.kubernetes.io/component": component} if component else {}
            assert connects(policies, Pod(space, labels), server, port) is expected
