"""Argo's resources as YAML."""

import yaml

from rlvr.errors import RlvrError
from rlvr_pipelines.argo.graph import read
from rlvr_pipelines.argo.models import models
from rlvr_pipelines.argo.workflow import cron_workflow, workflow_template
from rlvr_pipelines.profiles import Profile

ACCOUNT = "rlvr-workflow"
"""Service account of manifests/overlays/argo."""


def argo_yaml(
    compiled: bytes, profile: Profile, *, namespace: str | None = None, cron: str = "", timezone: str = "Etc/UTC"
) -> bytes:
    """The resources that run a compiled pipeline; equal inputs give equal bytes."""
    try:
        models()
    except ImportError as error:
        raise RlvrError("--target argo needs the package `hera`: python -m pip install 'rlvr[argo]'.") from error
    pipeline, *platform = yaml.load_all(compiled, Loader=yaml.CSafeLoader)
    graph = read(pipeline, platform[0] if platform else {})
    resources = [workflow_template(graph, namespace=namespace, account=profile.run.service_account or ACCOUNT)]
    if cron:
        resources.append(cron_workflow(graph, cron, timezone, namespace=namespace))
    text: str = yaml.dump_all(resources, sort_keys=False, width=120, allow_unicode=False, Dumper=yaml.SafeDumper)
    return text.encode()
