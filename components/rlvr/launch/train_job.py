"""The TrainJob of a training stage, as plain values: the same run, stage and attempt give the same name and content."""

import re
from typing import Any

from rlvr.canonical import digest
from rlvr.errors import RlvrError
from rlvr.launch.cluster import ARGO, NODE, TRAINER, Json
from rlvr.launch.surroundings import Surroundings
from rlvr.launch.work import Work
from rlvr.training import Scale, TrainJob

MANAGER = "rlvr"
"""Who made a TrainJob, by the label of that purpose."""
MADE_BY = "app.kubernetes.io/managed-by"
"""That label."""
RUN = "rlvr/run"
"""Label with the pipeline run's identifier: what is deleted with the run."""
WORKFLOW = "rlvr/workflow"
"""Label with the Workflow's name: when that is over, nobody waits for the TrainJob any more."""
WORKFLOW_UID = "rlvr/workflow-uid"
"""Annotation with the Workflow's uid."""
SPECIFICATION = "rlvr/specification"
"""Annotation with the digest of the specification: a TrainJob of this name that asks for something else is not ours."""
STAGE = "rlvr/stage"
"""Annotation with the stage's name."""
WORK = "rlvr/work"
"""Annotation with the key of the work."""


def train_job_name(run: str, work: Work, attempt: int) -> str:
    """A name of at most 40 characters, the same for the same run, stage and attempt (1, 2, ...)."""
    slug = re.sub(r"[^a-z0-9]+", "-", work.label.lower()).strip("-")[:24].strip("-")
    if not slug[:1].isalpha():
        slug = f"t-{slug}".strip("-")
    return f"{slug}-{digest([run, work.label, work.key])[:10]}-{attempt}"


def train_job(work: Work, scale: Scale, around: Surroundings, store: str, attempt: int) -> Json:
    """The TrainJob that does `work` on `scale.nodes` pods and leaves its results in the store at that URL."""
    job = scale.job
    if job is None:
        raise RlvrError("The scale names no TrainJob (scale.job).")
    labels = {MADE_BY: MANAGER, RUN: around.run}
    labels |= {WORKFLOW: around.workflow} if around.workflow else {}
    labels |= {"kueue.x-k8s.io/queue-name": job.queue} if job.queue else {}
    labels |= {"kueue.x-k8s.io/priority-class": job.priority} if job.queue and job.priority else {}
    spec = _specification(work, scale, job, around, store)
    annotations = {SPECIFICATION: digest(spec), STAGE: work.label, WORK: work.key}
    metadata: Json = {"name": train_job_name(around.run, work, attempt), "labels": labels, "annotations": annotations}
    if around.workflow and around.workflow_uid:
        annotations[WORKFLOW_UID] = around.workflow_uid
        owner = {"kind": "Workflow", "name": around.workflow, "uid": around.workflow_uid}
        metadata["ownerReferences"] = [{"apiVersion": f"{ARGO.group}/{ARGO.version}", **owner}]
    return {
        "apiVersion": f"{TRAINER.group}/{TRAINER.version}",
        "kind": "TrainJob",
        "metadata": metadata,
        "spec": spec,
    }


def _specification(work: Work, scale: Scale, job: TrainJob, around: Surroundings, store: str) -> Json:
    trainer: Json = {
        "image": around.image,
        "command": ["python", "-m", "rlvr.launch.worker"],
        "args": ["--store", store, "--work", work.key],
        "numNodes": scale.nodes,
        "numProcPerNode": scale.processes,
        "env": _variables(job, around),
    }
    if resources := _resources(job):
        # the torch policy takes one process a node where requests are missing
        trainer["resourcesPerNode"] = {"requests": resources, "limits": resources}
    return {
        "runtimeRef": {"apiGroup": TRAINER.group, "kind": "TrainingRuntime", "name": job.runtime},
        "activeDeadlineSeconds": job.deadline_seconds,
        "trainer": trainer,
        "runtimePatches": [_patch(job, around)],
    }


def _resources(job: TrainJob) -> dict[str, str]:
    given = {"cpu": job.cpu, "memory": job.memory, job.gpu_type: str(job.gpu) if job.gpu else None}
    return {name: value for name, value in given.items() if value}


def _variables(job: TrainJob, around: Surroundings) -> list[Json]:
    """The stage's own variables, what a pod cannot know of itself, the cache on the volume, and those of the scale.

    The last of a name counts.
    """
    given = [*around.variables, {"name": "RLVR_RUN", "value": around.run}]
    if job.volume_claim:
        given.append({"name": "RLVR_CACHE", "value": f"{job.volume_path}/cache"})
    given += [{"name": name, "value": value} for name, value in job.environment.items()]
    return list({variable["name"]: variable for variable in given}.values())


def _patch(job: TrainJob, around: Surroundings) -> Json:
    """What the pods need beyond the runtime's template."""
    pod: dict[str, Any] = {"terminationGracePeriodSeconds": job.grace_seconds}
    if job.node_selector:
        pod["nodeSelector"] = dict(job.node_selector)
    if job.tolerations:
        pod["tolerations"] = [dict(toleration) for toleration in job.tolerations]
    if around.pull_secrets:
        pod["imagePullSecrets"] = [{"name": name} for name in around.pull_secrets]
    volumes = [(f"stage-{number}", path, source) for number, (path, source) in enumerate(around.folders)]
    if job.volume_claim:
        volumes.append(("work", job.volume_path, {"persistentVolumeClaim": {"claimName": job.volume_claim}}))
    if volumes:
        pod["volumes"] = [{"name": name, **source} for name, _, source in volumes]
        mounts = [
            {"name": name, "mountPath": path, **({} if name == "work" else {"readOnly": True})}
            for name, path, _ in volumes
        ]
        pod["containers"] = [{"name": NODE, "volumeMounts": mounts}]
    replicated = {"name": NODE, "template": {"spec": {"template": {"spec": pod}}}}
    return {
        "manager": "rlvr/launcher",
        "trainingRuntimeSpec": {"template": {"spec": {"replicatedJobs": [replicated]}}},
    }
