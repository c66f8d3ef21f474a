"""A placement on a Kubeflow task: the one place where pipelines ask for anything of a cluster."""

from typing import Any

from rlvr.lineage.pipeline_digest import UNKNOWN
from rlvr_pipelines.placement import Placement

RUN_LABEL = "metadata.labels['pipeline/runid']"
"""Where a pod finds the identifier of its run; as a parameter it would make every run's tasks differ."""
ACCOUNT = "spec.serviceAccountName"
"""Where a pod finds its service account."""


def apply(task: Any, placement: Placement, image: str) -> None:
    """Give a task its image and all that `placement` says; settings that only a cluster knows are ignored elsewhere."""
    task.set_container_image(image)
    task.set_caching_options(placement.cached)
    if placement.cpu:
        task.set_cpu_request(placement.cpu).set_cpu_limit(placement.cpu)
    if placement.memory:
        task.set_memory_request(placement.memory).set_memory_limit(placement.memory)
    if placement.gpu:
        task.set_accelerator_type(placement.gpu_type).set_accelerator_limit(placement.gpu)
    if placement.retries:
        task.set_retry(
            placement.retries,
            backoff_duration=f"{placement.backoff_seconds}s",
            backoff_factor=float(placement.backoff_factor),
            backoff_max_duration=f"{placement.retry_window_seconds}s",
        )
    for name, value in placement.variables.items():
        task.set_env_variable(name, value)
    if "@sha256:" in image:
        task.set_env_variable("RLVR_IMAGE", image)  # provenance names it; a container does not know its own
    task.set_env_variable("RLVR_PIPELINE", UNKNOWN)  # compilation puts the pipeline's digest in its place
    _on_kubernetes(task, placement)


def _on_kubernetes(task: Any, placement: Placement) -> None:
    from kfp import kubernetes

    for secret, variables in placement.secrets.items():
        kubernetes.use_secret_as_env(task, secret, {key: name for name, key in variables.items()})
    for secret, variables in placement.optional_secrets.items():
        kubernetes.use_secret_as_env(task, secret, {key: name for name, key in variables.items()}, optional=True)
    for secret, folder in placement.secret_folders.items():
        kubernetes.use_secret_as_volume(task, secret, folder)
    for secret, folder in placement.optional_secret_folders.items():
        kubernetes.use_secret_as_volume(task, secret, folder, optional=True)
    for config_map, folder in placement.config_map_folders.items():
        kubernetes.use_config_map_as_volume(task, config_map, folder)
    if placement.shm:
        kubernetes.empty_dir_mount(task, "shm", "/dev/shm", medium="Memory", size_limit=placement.shm)
    if placement.volume_claim:
        kubernetes.mount_pvc(task, placement.volume_claim, placement.volume_path)
    if placement.scratch:
        kubernetes.add_ephemeral_volume(
            task, "scratch", placement.volume_path, ["ReadWriteOnce"], placement.scratch, placement.scratch_class
        )
    for key, value in placement.node_selector.items():
        kubernetes.add_node_selector(task, key, value)
    for one in placement.tolerations:
        kubernetes.add_toleration(
            task,
            one.key or None,
            one.operator,
            one.value or None,
            one.effect or None,
        )
    for key, value in placement.pod_labels.items():
        kubernetes.add_pod_label(task, key, value)
    for key, value in placement.annotations.items():
        kubernetes.add_pod_annotation(task, key, value)
    if placement.timeout_seconds:
        kubernetes.set_timeout(task, placement.timeout_seconds)
    if placement.non_root:
        kubernetes.set_security_context(task, run_as_non_root=True)
    if placement.pull_policy:
        kubernetes.set_image_pull_policy(task, placement.pull_policy)
    if placement.pull_secrets:
        kubernetes.set_image_pull_secrets(task, list(placement.pull_secrets))
    kubernetes.use_field_path_as_env(task, "RLVR_RUN", RUN_LABEL)
    kubernetes.use_field_path_as_env(task, "RLVR_SERVICE_ACCOUNT", ACCOUNT)
