"""Where the pods of a training stage run on a cluster, as a `TrainJob` of Kubeflow Trainer v2."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainJob:
    """Runtime, queue, resources and limits of the TrainJob that a training stage is launched as.

    Nothing here changes what is computed, so none of it is part of a stage's key: a run whose queue or node type was
    changed takes over what was done before. Image, object-store credentials and other variables that the stage's
    own pod takes from Secrets and ConfigMaps are handed on to the TrainJob by reference.
    """

    runtime: str = "rlvr-torch"
    """Name of the TrainingRuntime in the run's namespace (manifests/base); it must be of the torch kind."""
    queue: str | None = None
    """Kueue's LocalQueue; None starts the pods at once."""
    priority: str | None = None
    """Kueue's WorkloadPriorityClass; read only with a queue."""
    deadline_seconds: int = 7 * 24 * 3600
    """Time after which the cluster ends a TrainJob that still runs. Waiting in a queue does not count."""
    grace_seconds: int = 600
    """Time that pods get to finish a step and save a checkpoint when they are evicted or the TrainJob is deleted."""
    restarts: int = 5
    """How often a TrainJob whose pods were evicted or preempted is begun again from its newest checkpoint."""
    cpu: str | None = None
    """CPU cores a node, requested and allowed, as a Kubernetes quantity; None leaves them to the runtime."""
    memory: str | None = None
    """Memory a node, requested and allowed, e.g. `900Gi`."""
    gpu: int = 0
    """GPUs a node; as many as `Scale.processes` unless the stage runs on CPUs."""
    gpu_type: str = "nvidia.com/gpu"
    """Name of the GPU resource."""
    node_selector: Mapping[str, str] = field(default_factory=dict)
    """Labels of the machines that may be used."""
    tolerations: tuple[Mapping[str, str], ...] = ()
    """Tolerations, with the keys of Kubernetes: key, operator, value, effect."""
    volume_claim: str | None = None
    """PersistentVolumeClaim for downloads and caches of the pods; None uses their own scratch space."""
    volume_path: str = "/work"
    """Where that volume is mounted; the pods' cache is beneath it."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Further variables of the pods, e.g. `NCCL_DEBUG`; never secrets."""
