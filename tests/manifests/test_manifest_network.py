import pytest
from network_rules import Address, Pod, connects, selecting
from rendered_manifests import OVERLAYS, every_overlay, needs_kustomize, of_kind, pods

pytestmark = needs_kustomize

PART_OF = {"app.kubernetes.io/part-of": "rlvr"}
SPACE = {"standalone": "kubeflow", "kueue": "kubeflow", "multi-user": "rlvr", "openshift": "rlvr", "argo": "rlvr"}
KUBEFLOW = SPACE | {"multi-user": "kubeflow"}
"""Where Kubeflow Pipelines' servers are."""
OUTSIDE = ("openshift", "argo")
"""Overlays whose object store may lie outside the cluster."""
STORE = {
    "openshift": (Pod("openshift-storage", {"noobaa-s3": "noobaa"}), 6443),
    "argo": (Pod("argo", {"app": "minio"}), 9000),
}
"""Object stores in the cluster other than Kubeflow's SeaweedFS."""
API = Address("10.96.0.1")
INTERNET = Address("203.0.113.7")
METADATA = Address("169.254.169.254")
"""A cloud's metadata service, which hands out the node's rights."""


def ours(overlay, component=None):
    return Pod(SPACE[overlay], PART_OF | ({"app.kubernetes.io/component": component} if component else {}))


def stranger(overlay):
    return Pod(SPACE[overlay], {"app": "notebook"})


def open_to(overlay, source, target, port, protocol="TCP"):
    return connects(of_kind(overlay, "NetworkPolicy"), source, target, port, protocol)


@every_overlay
def test_every_pod_of_ours_is_closed_in_both_directions_by_default(overlay):
    policies = of_kind(overlay, "NetworkPolicy")
    shut = [one for one in policies if not one["spec"].get("ingress") and not one["spec"].get("egress")]
    every = [ours(overlay), *(Pod(SPACE[overlay], pod["metadata"]["labels"]) for pod in pods(overlay).values())]
    for pod in every:
        for direction in ("Ingress", "Egress"):
            assert selecting(shut, pod, direction), pod


@every_overlay
def test_labels_say_what_a_pod_is(overlay):
    labels = {name: pod["metadata"]["labels"] for name, pod in pods(overlay).items()}
    assert labels["TrainingRuntime rlvr-torch"].items() >= ours(overlay, "training").labels.items()
    assert labels["CronJob rlvr-reaper"].items() >= ours(overlay, "reaper").labels.items()


@every_overlay
@pytest.mark.parametrize("component", [None, "training", "reaper"])
def test_names_are_resolved(overlay, component):
    dns = Pod("kube-system", {"k8s-app": "kube-dns"}), 53
    if overlay == "openshift":
        dns = Pod("openshift-dns", {"dns.operator.openshift.io/daemonset-dns": "default"}), 5353
    for protocol in ("UDP", "TCP"):
        assert open_to(overlay, ours(overlay, component), *dns, protocol)
    assert not open_to(overlay, ours(overlay, component), Pod("kube-system", {"app": "other"}), 53, "UDP")


@every_overlay
def test_training_nodes_reach_each_other_on_any_port_and_nobody_else_reaches_them(overlay):
    node = ours(overlay, "training")
    for port in (29400, 29500, 45123):
        assert open_to(overlay, node, node, port)
        for other in (ours(overlay), ours(overlay, "reaper"), stranger(overlay), Pod("elsewhere", node.labels)):
            assert not open_to(overlay, other, node, port)


@every_overlay
def test_training_reaches_the_object_store_and_neither_the_api_nor_more_of_the_internet(overlay):
    node = ours(overlay, "training")
    assert open_to(overlay, node, INTERNET, 443) is (overlay in OUTSIDE)
    assert not open_to(overlay, node, INTERNET, 80)
    assert not open_to(overlay, node, Address("10.0.0.5"), 6443)
    assert not open_to(overlay, node, Pod(KUBEFLOW[overlay], {"app": "ml-pipeline"}), 8888)
    store, port = STORE.get(overlay, (Pod(KUBEFLOW[overlay], {"app": "seaweedfs"}), 8333))
    assert open_to(overlay, node, store, port)
    assert not open_to(overlay, node, store, 8111), "only the port of S3, not the one that manages users"
    assert not open_to(overlay, node, Pod("elsewhere", store.labels), port)


@every_overlay
def test_pipeline_pods_reach_the_api_the_hub_and_kubeflows_servers(overlay):
    pod = ours(overlay)
    assert open_to(overlay, pod, API, 443)
    assert open_to(overlay, pod, Address("10.0.0.5"), 6443)
    assert open_to(overlay, pod, INTERNET, 443)
    assert not open_to(overlay, pod, INTERNET, 22)
    server, metadata = {"app": "ml-pipeline"}, {"component": "metadata-grpc-server"}
    if overlay == "openshift":
        server, metadata = {"app": "ds-pipeline-dspa"}, {"app": "ds-pipeline-metadata-grpc-dspa"}
    for target, port in ((server, 8887), (server, 8888), (metadata, 8080)):
        assert open_to(overlay, pod, Pod(KUBEFLOW[overlay], target), port) is (overlay != "argo")
        assert not open_to(overlay, pod, Pod("elsewhere", target), port)
    assert not open_to(overlay, pod, Pod(KUBEFLOW[overlay], {"app": "mysql"}), 3306)


@every_overlay
def test_the_reaper_reaches_the_api_alone(overlay):
    reaper = ours(overlay, "reaper")
    assert open_to(overlay, reaper, API, 443)
    assert open_to(overlay, reaper, Address("10.0.0.5"), 6443)
    for target, port in ((Pod(KUBEFLOW[overlay], {"app": "seaweedfs"}), 8333), (ours(overlay, "training"), 29400)):
        assert not open_to(overlay, reaper, target, port)


@every_overlay
@pytest.mark.parametrize("component", [None, "training", "reaper"])
def test_nobody_reaches_the_nodes_own_rights(overlay, component):
    for port in (80, 443):
        assert not open_to(overlay, ours(overlay, component), METADATA, port)


@pytest.mark.parametrize("overlay", [name for name in OVERLAYS if name != "argo"])
def test_other_pods_of_a_shared_namespace_are_left_alone(overlay):
    server = Pod(SPACE[overlay], {"app": "mysql"})
    assert open_to(overlay, stranger(overlay), server, 3306)
    assert open_to(overlay, stranger(overlay), INTERNET, 80)


def test_other_pods_of_our_own_namespace_are_closed():
    assert not open_to("argo", stranger("argo"), INTERNET, 443)
    assert not open_to("argo", stranger("argo"), Pod("argo", {"app": "mysql"}), 3306)
