"""What the pod of one task asks of a cluster: machines, limits, volumes, and where its secrets are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rlvr.errors import RlvrError

QUANTITY = re.compile(r"\d+(\.\d+)?(m|k|[KMGTPE]i|[MGTPE])?")
"""A Kubernetes quantity: `500m`, `8`, `64Gi`."""
SECRET = re.compile(r"(^|_)(SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIALS?|(API)?KEY)(_|$)", re.IGNORECASE)
"""Names of variables whose values nobody may read in a compiled pipeline."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Toleration:
    """A taint of nodes that a pod may run on all the same, with Kubernetes' own words."""

    key: str = ""
    """The taint's key; empty with `Exists` tolerates every taint."""
    operator: Literal["Exists", "Equal"] = "Exists"
    """Whether the taint's value counts."""
    value: str = ""
    """The taint's value, for `Equal`."""
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = ""
    """The taint's effect; empty means any."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Placement:
    """Resources, place and limits of a pod. What is left out is left to the cluster."""

    cpu: str | None = None
    """CPU cores, requested and allowed, as a Kubernetes quantity."""
    memory: str | None = None
    """Memory, requested and allowed, e.g. `512Gi`; what lies in `shm` counts."""
    gpu: int = 0
    """GPUs."""
    gpu_type: str = "nvidia.com/gpu"
    """Name of the GPU resource; a MIG slice is `nvidia.com/mig-3g.40gb`."""
    shm: str | None = None
    """Size of /dev/shm, which NCCL and data workers talk through; the cluster's default is 64 MiB."""
    node_selector: Mapping[str, str] = field(default_factory=dict)
    """Labels of the nodes that may be used."""
    tolerations: tuple[Toleration, ...] = ()
    """Taints of nodes that may be used all the same."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Plain variables; never secrets."""
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By Secret: variable -> key in it. A pod does not start without them."""
    optional_secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The same for Secrets and keys that may be missing."""
    secret_folders: Mapping[str, str] = field(default_factory=dict)
    """By Secret: the folder where its keys appear as files."""
    optional_secret_folders: Mapping[str, str] = field(default_factory=dict)
    """The same for Secrets that may be missing; the folder is empty then."""
    config_map_folders: Mapping[str, str] = field(default_factory=dict)
    """By ConfigMap: the folder where its keys appear as files."""
    volume_claim: str | None = None
    """PersistentVolumeClaim for downloads and caches; several pods use it at a time, so it is ReadWriteMany."""
    volume_path: str = "/work"
    """Where that volume, or the scratch volume, is mounted; the pod's cache is beneath it."""
    scratch: str | None = None
    """Size of a volume that the pod gets for itself and that goes with it; in the place of a `volume_claim`."""
    scratch_class: str | None = None
    """Storage class of the scratch volume; None takes the cluster's default."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of the pod."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    """Annotations of the pod."""
    queue: str | None = None
    """Kueue's LocalQueue; None starts the pod at once."""
    priority: str | None = None
    """Kueue's WorkloadPriorityClass; read only with a queue."""
    timeout_seconds: int | None = None
    """Time after which the pod is ended."""
    retries: int = 0
    """How often a failed or evicted pod is started again; training goes on from its newest checkpoint. Argo Workflows
    leaves out failures that only a change can mend (exit code 65). Kubeflow Pipelines 2.17 knows no such condition: its
    launcher ends with 1 whatever the stage's code was, and a task's retry policy has a count and waits alone."""
    backoff_seconds: int = 60
    """Wait before the first retry."""
    backoff_factor: int = 2
    """By how much the wait grows each time; Argo takes whole numbers."""
    retry_window_seconds: int = 14 * 24 * 3600
    """How long after the first attempt began a retry may still run (`maxDuration` of Argo, which ends one that does).
    Kubeflow's own default of an hour would forbid every retry of a long training."""
    cached: bool = False
    """Whether Kubeflow's cache may answer for the task. Stages remember by content what they did, code included, and
    look whether it is still in the store; Kubeflow's cache does neither."""
    non_root: bool = False
    """Whether the cluster refuses to run the container as root; the images' user is 1001."""
    pull_policy: Literal["", "Always", "IfNotPresent", "Never"] = ""
    """When the image is pulled; empty leaves it to the cluster."""
    pull_secrets: tuple[str, ...] = ()
    """Secrets that the image is pulled with."""

    def __post_init__(self) -> None:
        for name in ("cpu", "memory", "shm", "scratch"):
            value = getattr(self, name)
            if value is not None and not QUANTITY.fullmatch(value):
                raise RlvrError(f"{name} is {value!r}; write a Kubernetes quantity such as 8, 500m or 64Gi.")
        for name in ("gpu", "retries", "backoff_seconds", "retry_window_seconds"):
            if getattr(self, name) < 0:
                raise RlvrError(f"{name} is {getattr(self, name)}; it cannot be negative.")
        if self.timeout_seconds is not None and self.timeout_seconds < 1:
            raise RlvrError(
                f"timeout_seconds is {self.timeout_seconds}; give at least 1, or leave it out for no limit."
            )
        if self.volume_claim and self.scratch:
            raise RlvrError(
                f"volume_claim and scratch both want {self.volume_path}; keep one and set the other to false."
            )
        for secret, keys in (*self.secrets.items(), *self.optional_secrets.items()):
            if len(set(keys.values())) < len(keys):
                raise RlvrError(f"secrets.{secret} gives one key to two variables; add the value under a second key.")
        for name, value in self.environment.items():
            if SECRET.search(name) and not value.startswith("/"):
                raise RlvrError(
                    f"environment.{name} would stand in the compiled pipeline for everybody to read. Put the value "
                    f'into a Secret and name it: [pods.secrets.NAME] {name} = "key".'
                )

    @property
    def cache(self) -> str | None:
        """Folder for downloads and caches on the pod's volume; None without one."""
        return f"{self.volume_path}/cache" if self.volume_claim or self.scratch else None

    @property
    def variables(self) -> dict[str, str]:
        """The plain variables, the cache's among them."""
        return {**({"RLVR_CACHE": self.cache} if self.cache else {}), **self.environment}

    @property
    def pod_labels(self) -> dict[str, str]:
        """The labels, Kueue's among them."""
        queue = {"kueue.x-k8s.io/queue-name": self.queue} if self.queue else {}
        if self.queue and self.priority:
            queue["kueue.x-k8s.io/priority-class"] = self.priority
        return {**self.labels, **queue}
