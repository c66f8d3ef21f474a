"""A pipeline as the resources `Pipeline` and `PipelineVersion`, for installations of Kubeflow that are kept by GitOps.

The version's name follows from the compiled pipeline: applying the same pipeline again changes nothing, and another
one becomes a version beside those that runs and schedules still name.
"""

import re
from pathlib import Path

from rlvr.errors import RlvrError
from rlvr.lineage.pipeline_digest import pipeline_digest
from rlvr.method import Method
from rlvr_pipelines.compile import pipeline_yaml
from rlvr_pipelines.pipeline import pipeline_name
from rlvr_pipelines.profiles import Profile
from rlvr_pipelines.version import version_name

NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""What Kubernetes allows as the name of a namespace."""


def kubernetes_yaml(
    method: Method,
    profile: Profile,
    *,
    store: str,
    lock: Path,
    namespace: str | None = None,
    allow_unpinned: bool = False,
) -> bytes:
    """Both resources as YAML; equal arguments give equal bytes."""
    from kfp.compiler.compiler_utils import KubernetesManifestOptions

    require_namespace(namespace)
    compiled = pipeline_yaml(method, profile, store=store, lock=lock, allow_unpinned=allow_unpinned)
    name, version = pipeline_name(method), version_name(compiled)
    options = KubernetesManifestOptions(
        pipeline_name=name,
        pipeline_display_name=name,
        pipeline_version_name=f"{name}-{version}",
        pipeline_version_display_name=version,
        namespace=namespace,
        include_pipeline_manifest=True,
    )
    digest = pipeline_digest(compiled)
    return pipeline_yaml(
        method, profile, store=store, lock=lock, allow_unpinned=allow_unpinned, resources=options, digest=digest
    )


def require_namespace(namespace: str | None) -> None:
    """Refuse what cannot be the name of a namespace."""
    if namespace is not None and not NAMESPACE.fullmatch(namespace):
        raise RlvrError(
            f"--namespace: {namespace!r} cannot be a namespace; write small letters, digits and -, 63 at most."
        )
