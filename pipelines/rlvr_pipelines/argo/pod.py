"""The pod of a step as Argo has it, from the container and the Kubernetes settings of a compiled pipeline."""

from typing import Any

from rlvr.errors import RlvrError
from rlvr.stages.command import FINAL
from rlvr_pipelines.argo.graph import Json, Step

KNOWN = {
    "activeDeadlineSeconds", "configMapAsVolume", "emptyDirMounts", "fieldPathAsEnv", "genericEphemeralVolume",
    "imagePullPolicy", "imagePullSecret", "nodeSelector", "podMetadata", "pvcMount", "secretAsEnv", "secretAsVolume",
    "securityContext", "tolerations",
}  # fmt: skip
"""Settings that are translated; `rlvr_pipelines.task_settings` makes no others."""
RUN = "RLVR_RUN"
"""Variable with the run's name, which Kubeflow takes from a label that Argo does not set."""


def container(step: Step, arguments: list[str]) -> dict[str, Any]:
    """The step's container."""
    pod, resources = step.pod, step.container.get("resources", {})
    amounts = {"cpu": resources.get("resourceCpuLimit"), "memory": resources.get("resourceMemoryLimit")}
    if accelerator := resources.get("accelerator"):
        amounts[accelerator["resourceType"]] = accelerator["resourceCount"]
    amounts = {name: amount for name, amount in amounts.items() if amount}
    security: dict[str, Any] = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    security |= {"seccompProfile": {"type": "RuntimeDefault"}}
    if pod.get("securityContext", {}).get("runAsNonRoot"):
        security["runAsNonRoot"] = True
    found = {
        "image": step.container["image"],
        "imagePullPolicy": pod.get("imagePullPolicy"),
        "command": ["python", "-m", "rlvr.stages.command"],
        "args": arguments,
        "env": _variables(step),
        "resources": {"requests": amounts, "limits": amounts} if amounts else None,
        "volumeMounts": [mount for mount, _ in _volumes(pod)] or None,
        "securityContext": security,
    }
    return {name: value for name, value in found.items() if value is not None}


def settings(step: Step) -> dict[str, Any]:
    """What stands beside the container in the step's template."""
    pod, retry = step.pod, step.retry
    if unknown := set(pod) - KNOWN:
        raise RlvrError(f"Task {step.name} asks for {', '.join(sorted(unknown))}, which the Argo target does not know.")
    found: dict[str, Any] = {"volumes": [volume for _, volume in _volumes(pod)]}
    found["metadata"] = pod.get("podMetadata")
    found["nodeSelector"] = pod.get("nodeSelector", {}).get("labels")
    found["tolerations"] = pod.get("tolerations")
    if "activeDeadlineSeconds" in pod:
        found["activeDeadlineSeconds"] = int(pod["activeDeadlineSeconds"])
    if retry.get("maxRetryCount"):
        wait = {"duration": retry["backoffDuration"], "factor": int(retry["backoffFactor"])}
        wait["maxDuration"] = retry["backoffMaxDuration"]
        unless_final = f"asInt(lastRetry.exitCode) != {FINAL}"
        found["retryStrategy"] = {
            "limit": int(retry["maxRetryCount"]), "retryPolicy": "Always", "expression": unless_final, "backoff": wait
        }  # fmt: skip
    return {name: value for name, value in found.items() if value}


def pull_secrets(steps: list[Step]) -> list[str]:
    """Names of the Secrets that images are pulled with, which Argo knows for a workflow alone."""
    return sorted({entry["secretName"] for step in steps for entry in step.pod.get("imagePullSecret", ())})


def _variables(step: Step) -> list[dict[str, Any]]:
    found = [{"name": entry["name"], "value": entry["value"]} for entry in step.container.get("env", ())]
    for secret in step.pod.get("secretAsEnv", ()):
        for pair in secret["keyToEnv"]:
            key: dict[str, Any] = {"name": secret["secretName"], "key": pair["secretKey"]}
            key |= {"optional": True} if secret.get("optional") else {}
            found.append({"name": pair["envVar"], "valueFrom": {"secretKeyRef": key}})
    for entry in step.pod.get("fieldPathAsEnv", ()):
        if entry["name"] == RUN:
            found.append({"name": RUN, "value": "{{workflow.name}}"})
        else:
            found.append({"name": entry["name"], "valueFrom": {"fieldRef": {"fieldPath": entry["fieldPath"]}}})
    return found


def _volumes(pod: Json) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Mounts and the volumes they mount."""
    found: list[tuple[str, str, dict[str, Any]]] = []
    for entry in pod.get("emptyDirMounts", ()):
        memory = {"medium": entry.get("medium"), "sizeLimit": entry.get("sizeLimit")}
        memory = {name: value for name, value in memory.items() if value}
        found.append((entry["volumeName"], entry["mountPath"], {"emptyDir": memory}))
    for entry in pod.get("pvcMount", ()):
        claim = entry["constant"]
        found.append(("work", entry["mountPath"], {"persistentVolumeClaim": {"claimName": claim}}))
    for entry in pod.get("genericEphemeralVolume", ()):
        spec: dict[str, Any] = {
            "accessModes": entry["accessModes"],
            "resources": {"requests": {"storage": entry["size"]}},
        }
        spec |= {"storageClassName": entry["storageClassName"]} if entry.get("storageClassName") else {}
        ephemeral = {"volumeClaimTemplate": {"spec": spec}}
        found.append((entry["volumeName"], entry["mountPath"], {"ephemeral": ephemeral}))
    for entry in pod.get("secretAsVolume", ()):
        name = entry["secretName"]
        wanted = {"secretName": name, **({"optional": True} if entry.get("optional") else {})}
        found.append((f"secret-{name}", entry["mountPath"], {"secret": wanted}))
    for entry in pod.get("configMapAsVolume", ()):
        name = entry["configMapName"]
        found.append((f"config-{name}", entry["mountPath"], {"configMap": {"name": name}}))
    return [({"name": name, "mountPath": place}, {"name": name, **kind}) for name, place, kind in found]
