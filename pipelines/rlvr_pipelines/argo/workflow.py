"""A graph as a WorkflowTemplate and, with a cron expression, a CronWorkflow of Argo Workflows.

Artifacts are the stages' small manifests, kept as S3 objects in the default artifact repository of the namespace under
keys that follow from workflow, task and output; so a stage after a loop names all that the loop made.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from rlvr.errors import RlvrError
from rlvr_pipelines.argo import pod
from rlvr_pipelines.argo.graph import Graph, Loop, Made, Step
from rlvr_pipelines.argo.models import models

FOLDER = "/tmp/rlvr"
"""Where a pod has its artifacts."""
CRON = re.compile(r"@(yearly|annually|monthly|weekly|daily|midnight|hourly)|(\S+\s+){4}\S+")
"""A cron expression: five fields, or a name for one."""


def workflow_template(graph: Graph, *, namespace: str | None, account: str) -> dict[str, Any]:
    """The WorkflowTemplate whose pods run as the service account `account`."""
    parts = {part.name: part for part in graph.parts}
    steps = [step for part in graph.parts for step in (part.steps if isinstance(part, Loop) else (part,))]
    everything = [*steps, *([graph.last] if graph.last else [])]
    if len({step.name for step in everything}) < len(everything):
        raise RlvrError(f"Two tasks of {graph.name} have one name, which the Argo target does not know.")
    templates = [{"name": "main", "dag": {"tasks": [_task(part, parts) for part in graph.parts]}}]
    for part in graph.parts:
        templates += _loop(part) if isinstance(part, Loop) else [_step(part, parts, None)]
    templates += [_step(graph.last, parts, None)] if graph.last else []
    limits = {name: int(value) for name, value in graph.limits.items()}
    times = {
        "secondsAfterCompletion": limits.get("resourceTtlOnCompletion"),
        "secondsAfterSuccess": limits.get("resourceTtlOnSuccess"),
        "secondsAfterFailure": limits.get("resourceTtlOnFailure"),
    }
    security: dict[str, Any] = {"seccompProfile": {"type": "RuntimeDefault"}}
    if all(step.pod.get("securityContext", {}).get("runAsNonRoot") for step in everything):
        security["runAsNonRoot"] = True
    spec = {
        "entrypoint": "main",
        "onExit": graph.last.name if graph.last else None,
        "serviceAccountName": account,
        "automountServiceAccountToken": True,  # Argo's own container in each pod reports with it
        "arguments": {"parameters": [{"name": name, "value": value} for name, value in graph.parameters.items()]},
        "activeDeadlineSeconds": limits.get("activeDeadlineSeconds"),
        "ttlStrategy": {name: seconds for name, seconds in times.items() if seconds} or None,
        "imagePullSecrets": [{"name": name} for name in pod.pull_secrets(everything)] or None,
        "securityContext": security,
        "templates": templates,
    }
    return _checked("WorkflowTemplate", graph, graph.name, namespace, spec)


def cron_workflow(graph: Graph, cron: str, timezone: str, *, namespace: str | None) -> dict[str, Any]:
    """The CronWorkflow that runs the WorkflowTemplate at the times that `cron` says; runs do not overlap."""
    if not CRON.fullmatch(cron.strip()):
        raise RlvrError(f"--cron: {cron!r} is no cron expression; write five fields, e.g. '0 3 * * 1' (Mondays at 3).")
    spec = {
        "schedules": [cron.strip()],
        "timezone": timezone,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 3600,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
        "workflowSpec": {"workflowTemplateRef": {"name": graph.name}},
    }
    return _checked("CronWorkflow", graph, graph.name, namespace, spec)


def _checked(kind: str, graph: Graph, name: str, namespace: str | None, spec: Mapping[str, Any]) -> dict[str, Any]:
    """The resource, once Hera's model of it has read all of it and given it back."""
    metadata: dict[str, Any] = {"name": name, "labels": {"app.kubernetes.io/part-of": "rlvr"}}
    metadata |= {"namespace": namespace} if namespace else {}
    metadata |= {"annotations": {"workflows.argoproj.io/description": graph.description}} if graph.description else {}
    resource = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": kind,
        "metadata": metadata,
        "spec": {key: value for key, value in spec.items() if value is not None},
    }
    read = getattr(models(), kind).model_validate(resource)
    if read.model_dump(by_alias=True, exclude_none=True, mode="json") != resource:
        raise RlvrError(f"The {kind} {name} has parts that Argo Workflows does not know; please report this.")
    return resource


def _task(part: Step | Loop, parts: Mapping[str, Step | Loop]) -> dict[str, Any]:
    """An entry of the main graph."""
    task: dict[str, Any] = {"name": part.name, "template": part.name}
    if isinstance(part, Loop):
        handed = [
            {"name": _passed(made), "from": f"{{{{tasks.{made.task}.outputs.artifacts.{made.output}}}}}"}
            for made in _outer(part)
        ]
    else:
        handed = [
            {"name": name, "from": f"{{{{tasks.{made.task}.outputs.artifacts.{made.output}}}}}"}
            for name, made in part.inputs.items()
            if not isinstance(parts[made.task], Loop)
        ]
    if handed:
        task["arguments"] = {"artifacts": handed}
    if part.after:
        task["dependencies"] = list(part.after)
    return task


def _loop(loop: Loop) -> list[dict[str, Any]]:
    """A graph that begins the loop's steps once an item, so many at a time, and the graph of these steps."""
    each = f"{loop.name}-each"
    artifacts = [{"name": _passed(made)} for made in _outer(loop)]
    handed = [{"name": _passed(made), "from": f"{{{{inputs.artifacts.{_passed(made)}}}}}"} for made in _outer(loop)]
    own = {"parameters": [{"name": "index", "value": "{{item.index}}"}, {"name": "item", "value": "{{item.item}}"}]}
    repeated = {
        "name": "each",
        "template": each,
        "withItems": [{"index": str(place), "item": _quoted(item)} for place, item in enumerate(loop.items)],
        "arguments": {**own, "artifacts": handed} if handed else own,
    }
    outer: dict[str, Any] = {"name": loop.name, "dag": {"tasks": [repeated]}}
    outer |= {"inputs": {"artifacts": artifacts}} if artifacts else {}
    outer |= {"parallelism": loop.at_once} if loop.at_once else {}
    inner = {
        "name": each,
        "inputs": {
            "parameters": [{"name": "index"}, {"name": "item"}],
            **({"artifacts": artifacts} if artifacts else {}),
        },
        "dag": {"tasks": [_inner(step, loop) for step in loop.steps]},
    }
    return [outer, inner, *(_step(step, {}, loop) for step in loop.steps)]


def _inner(step: Step, loop: Loop) -> dict[str, Any]:
    """An entry of a loop's graph."""
    names = {other.name for other in loop.steps}
    handed = [
        {
            "name": name,
            "from": f"{{{{tasks.{made.task}.outputs.artifacts.{made.output}}}}}"
            if made.task in names
            else f"{{{{inputs.artifacts.{_passed(made)}}}}}",
        }
        for name, made in step.inputs.items()
    ]
    own = [{"name": name, "value": f"{{{{inputs.parameters.{name}}}}}"} for name in ("index", "item")]
    task: dict[str, Any] = {"name": step.name, "template": step.name}
    task["arguments"] = {"parameters": own, **({"artifacts": handed} if handed else {})}
    return task | ({"dependencies": list(step.after)} if step.after else {})


def _step(step: Step, parts: Mapping[str, Step | Loop], loop: Loop | None) -> dict[str, Any]:
    """The template that runs a stage."""
    arguments = [step.stage]
    for name, value in step.constants.items():
        arguments += ["--parameter", f"{name}={_quoted(value)}"]
    for name, parameter in step.parameters.items():
        arguments += ["--parameter", f"{name}={{{{workflow.parameters.{parameter}}}}}"]
    for name in step.items:
        arguments += ["--parameter", f"{name}={{{{inputs.parameters.item}}}}"]
    artifacts: list[dict[str, Any]] = []
    for name, made in step.inputs.items():
        source = parts.get(made.task)
        if isinstance(source, Loop):
            inner = source.outputs[made.output]
            places = [_key(inner.task, inner.output, str(place)) for place in range(len(source.items))]
            found = [
                {"name": f"{name}-{place}", "path": f"{FOLDER}/inputs/{name}-{place}", "s3": {"key": key}}
                for place, key in enumerate(places)
            ]
        else:
            found = [{"name": name, "path": f"{FOLDER}/inputs/{name}"}]
        artifacts += found
        for entry in found:
            arguments += ["--input", f"{name}={entry['path']}"]
    made_here = []
    for name in step.outputs:
        key = _key(step.name, name, "{{inputs.parameters.index}}" if loop else None)
        place = f"{FOLDER}/outputs/{name}"
        made_here.append({"name": name, "path": place, "archive": {"none": {}}, "s3": {"key": key}})
        arguments += ["--output", f"{name}={place}"]
    template: dict[str, Any] = {"name": step.name, **pod.settings(step)}
    inputs = {"parameters": [{"name": "index"}, {"name": "item"}]} if loop else {}
    inputs |= {"artifacts": artifacts} if artifacts else {}
    template |= {"inputs": inputs} if inputs else {}
    template |= {"outputs": {"artifacts": made_here}} if made_here else {}
    return {**template, "container": pod.container(step, arguments)}


def _outer(loop: Loop) -> list[Made]:
    """What the loop's steps read from outside, each once."""
    names = {step.name for step in loop.steps}
    found = {made: None for step in loop.steps for made in step.inputs.values() if made.task not in names}
    return list(found)


def _passed(made: Made) -> str:
    return f"{made.task}-{made.output}"


def _key(task: str, output: str, index: str | None) -> str:
    """Where an artifact is kept."""
    middle = f"{task}/{index}" if index is not None else task
    return f"rlvr/{{{{workflow.uid}}}}/{middle}/{output}"


def _quoted(text: str) -> str:
    """A constant in which Argo sees no tag of its own: only JSON texts hold two opening braces, within strings."""
    if "{{" not in text:
        return text
    safe = text.replace("{{", "{\\u007b")
    if json.loads(safe) != json.loads(text):
        raise RlvrError("A parameter holds {{ in a place where it cannot be written otherwise for Argo.")
    return safe
