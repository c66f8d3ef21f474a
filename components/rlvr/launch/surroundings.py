"""The pod of the stage that launches a TrainJob: its run, its Workflow, its image, and the sources of its variables."""

import os
import re
import socket
from dataclasses import dataclass
from typing import Any

from rlvr.errors import RlvrError
from rlvr.launch.cluster import ARGO, Cluster, Json
from rlvr.lineage.keys import SIGNING_KEY

RUN_LABEL = "pipeline/runid"
"""Label by which Kubeflow Pipelines names the run of a pod."""
WORKFLOW_LABEL = "workflows.argoproj.io/workflow"
"""Label by which Argo names the Workflow of a pod."""
HANDED_ON = ("AWS_", "HF_", "NCCL_", "TORCH_", "OMP_", "RLVR_")
"""Beginnings of the names of plain variables that the TrainJob gets, too."""
OWN = re.compile(r"RLVR_(?!JUDGE_|CACHE|IMAGE|PIPELINE)|OPENLINEAGE_")
"""Variables that the stage alone needs: the key that it signs with, where it sends events. Pods that train get none."""
FOR_THE_POD = ("AWS_WEB_IDENTITY_", "AWS_ROLE_", "AWS_CONTAINER_")
"""Beginnings of the names of variables that a cluster gives to each pod by its service account."""
SECRET = ("SECRET", "TOKEN", "PASSWORD", "_KEY")
"""Parts of the names of variables whose values nobody may read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What a TrainJob takes over from the pod that launches it."""

    run: str
    """Identifier of the pipeline's run."""
    workflow: str | None
    """Name of the Argo Workflow that the pod belongs to, if any."""
    workflow_uid: str | None
    """Its uid."""
    image: str
    """Image of the stage, pinned by digest where the pipeline was."""
    pull_secrets: tuple[str, ...]
    """Names of the Secrets that the image is pulled with."""
    variables: tuple[Json, ...]
    """Variables of the stage's container, as Kubernetes has them; secrets by reference."""
    folders: tuple[tuple[str, Json], ...] = ()
    """Paths where Secrets and ConfigMaps appear as files, each with its volume as Kubernetes has it, without a name."""


def surroundings(cluster: Cluster) -> Surroundings:
    """Read this process's own pod and its Workflow."""
    name = os.environ.get("KFP_POD_NAME") or os.environ.get("POD_NAME") or socket.gethostname()
    try:
        pod = cluster.pod(name)
    except RlvrError as error:
        raise RlvrError(
            f"{error} A TrainJob takes image and Secrets over from the pod of the stage, so it is launched from a "
            f"pipeline on the cluster; take [scale.job] out of the profile to train here."
        ) from error
    labels = pod["metadata"].get("labels") or {}
    containers = {container["name"]: container for container in pod["spec"]["containers"]}
    container = containers.get("main") or pod["spec"]["containers"][0]
    workflow = labels.get(WORKFLOW_LABEL)
    found = cluster.resource(ARGO, "workflows", workflow) if workflow else None
    return Surroundings(
        run=labels.get(RUN_LABEL) or workflow or name,
        workflow=workflow,
        workflow_uid=found["metadata"]["uid"] if found else None,
        image=container["image"],
        pull_secrets=tuple(each["name"] for each in pod["spec"].get("imagePullSecrets") or ()),
        variables=tuple(_variables(container.get("env") or [])),
        folders=tuple(_folders(pod, container)),
    )


def _variables(given: list[Json]) -> list[dict[str, Any]]:
    """The variables that training needs, too: what comes from Secrets and ConfigMaps, and settings of libraries."""
    kept = []
    for variable in given:
        name, source = variable["name"], variable.get("valueFrom") or {}
        if OWN.match(name):
            continue
        if "secretKeyRef" in source or "configMapKeyRef" in source:
            kept.append({"name": name, "valueFrom": source})
        elif not source and name.startswith(HANDED_ON) and not name.startswith(FOR_THE_POD):
            if any(part in name for part in SECRET):
                raise RlvrError(
                    f"The variable {name} of this pod holds its value in plain sight, and the TrainJob would, too. "
                    f"Put it into a Secret and name that in the profile."
                )
            kept.append({"name": name, "value": variable.get("value") or ""})
    return kept


def _folders(pod: Json, container: Json) -> list[tuple[str, Json]]:
    """Where the stage's container has Secrets and ConfigMaps as files, certificates for instance; not its key."""
    key: Json = next((each for each in container.get("env") or [] if each["name"] == SIGNING_KEY), {})
    secret = ((key.get("valueFrom") or {}).get("secretKeyRef") or {}).get("name")
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes") or []}
    found = []
    for mount in container.get("volumeMounts") or []:
        volume = volumes.get(mount["name"], {})
        holds_key = (key.get("value") or "").startswith(f"{mount['mountPath'].rstrip('/')}/")
        if holds_key or (secret and (volume.get("secret") or {}).get("secretName") == secret):
            continue
        source = {kind: volume[kind] for kind in ("secret", "configMap") if kind in volume}
        if source and not mount.get("subPath"):
            found.append((str(mount["mountPath"]), source))
    return found


def workflow_is_ending(cluster: Cluster, name: str | None, uid: str | None) -> bool:
    """Whether the Workflow is over, gone, replaced, or being terminated; False when there never was one."""
    if name is None:
        return False
    found = cluster.resource(ARGO, "workflows", name)
    if found is None or (uid and found["metadata"]["uid"] != uid) or found["metadata"].get("deletionTimestamp"):
        return True
    spec, status = found.get("spec") or {}, found.get("status") or {}
    over = status.get("phase") in ("Succeeded", "Failed", "Error")
    return over or bool(spec.get("shutdown")) or spec.get("activeDeadlineSeconds") == 0
