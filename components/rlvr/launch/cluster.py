"""The requests that are made to a cluster, each with plain JSON values in and out."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rlvr.errors import RlvrError
from rlvr.launch.api_errors import PATIENCE, explain
from rlvr.patience import ApiError, Patience

Json = dict[str, Any]


class Group(NamedTuple):
    """Where custom resources are found."""

    group: str
    version: str


TRAINER = Group("trainer.kubeflow.org", "v1alpha1")
"""Kubeflow Trainer's resources."""
ARGO = Group("argoproj.io", "v1alpha1")
"""Argo's Workflows."""
KUEUE = Group("kueue.x-k8s.io", "v1beta2")
"""Kueue's queues."""
NODE = "node"
"""Name of the training container and of the replicated job, as Trainer's torch policy wants it."""
NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
"""Where a pod reads its own namespace."""
TIMEOUT = (10, 60)
"""Seconds to connect, and between two reads."""


class Cluster:
    """One namespace of a cluster, from inside (service account) or outside (KUBECONFIG)."""

    def __init__(self, namespace: str | None = None, patience: Patience | None = None) -> None:
        """`namespace` defaults to the pod's own, or the one of the current context."""
        from kubernetes import client

        self.patience = patience or PATIENCE
        configuration, found = _configuration()
        configuration.retries = False
        self.api = client.ApiClient(configuration)
        self.custom, self.core = client.CustomObjectsApi(self.api), client.CoreV1Api(self.api)
        self.namespace = namespace or os.environ.get("POD_NAMESPACE") or found

    def pod(self, name: str) -> Json:
        """A pod."""
        return self._plain(self._call(f"Pod {name} cannot be read", self.core.read_namespaced_pod, name=name))

    def pods(self, job: str) -> list[Json]:
        """The training pods of a TrainJob, oldest first."""
        selector = f"jobset.sigs.k8s.io/jobset-name={job},jobset.sigs.k8s.io/replicatedjob-name={NODE}"
        what = f"The pods of TrainJob {job} cannot be listed"
        found = self._plain(self._call(what, self.core.list_namespaced_pod, label_selector=selector))["items"]
        return sorted(found, key=lambda pod: (pod["metadata"].get("creationTimestamp") or "", pod["metadata"]["name"]))

    def events(self, name: str) -> list[Json]:
        """What the cluster noted about an object of that name."""
        selector = f"involvedObject.name={name}"
        what = f"The events of {name} cannot be listed"
        return list(self._plain(self._call(what, self.core.list_namespaced_event, field_selector=selector))["items"])

    def resource(self, api: Group, plural: str, name: str) -> Json | None:
        """A custom resource; None when there is none of that name."""
        get = self.custom.get_namespaced_custom_object
        try:
            return dict(self._call(f"{plural}/{name} cannot be read", get, **api._asdict(), plural=plural, name=name))
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def train_job(self, name: str) -> Json | None:
        """A TrainJob; None when there is none."""
        return self.resource(TRAINER, "trainjobs", name)

    def train_jobs(self, labels: Mapping[str, str]) -> list[Json]:
        """The TrainJobs with all of these labels."""
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        get = self.custom.list_namespaced_custom_object
        what = f"The TrainJobs with {selector} cannot be listed"
        return list(self._call(what, get, **TRAINER._asdict(), plural="trainjobs", label_selector=selector)["items"])

    def create_train_job(self, job: Json) -> bool:
        """Create a TrainJob; False when one of that name is already there."""
        what = f"TrainJob {job['metadata']['name']} cannot be created"
        try:
            create = self.custom.create_namespaced_custom_object
            self._call(what, create, **TRAINER._asdict(), plural="trainjobs", body=job)
        except ApiError as error:
            if error.status == 409:
                return False
            raise
        return True

    def delete_train_job(self, name: str) -> bool:
        """Delete a TrainJob and, by and by, its pods; False when there is none."""
        try:
            self._call(
                f"TrainJob {name} cannot be deleted",
                self.custom.delete_namespaced_custom_object,
                **TRAINER._asdict(),
                plural="trainjobs",
                name=name,
                propagation_policy="Background",
            )
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        return True

    def watch_train_job(self, name: str, version: str, seconds: int) -> Iterator[tuple[str, Json]]:
        """Kind and new state of every change of a TrainJob after `version`, for some seconds; errors are not mended."""
        from kubernetes.watch import Watch

        stream = Watch().stream(
            self.custom.list_namespaced_custom_object,
            *TRAINER,
            self.namespace,
            "trainjobs",
            field_selector=f"metadata.name={name}",
            resource_version=version,
            timeout_seconds=seconds,
            _request_timeout=(TIMEOUT[0], seconds + TIMEOUT[1]),
        )
        for event in stream:
            yield event["type"], event["raw_object"]

    def log(
        self, pod: str, since: str | None = None, *, follow: bool = False, tail: int | None = None
    ) -> Iterator[str]:
        """Lines of a training pod's log, each behind its time stamp; `since` is such a stamp; errors are not mended."""
        query: list[tuple[str, str]] = [("container", NODE), ("timestamps", "true")]
        query += [("follow", "true")] if follow else []
        query += [("sinceTime", since)] if since else []  # the client's own method only knows sinceSeconds
        query += [("tailLines", str(tail))] if tail else []
        answer = self.api.call_api(
            "/api/v1/namespaces/{namespace}/pods/{name}/log",
            "GET",
            {"namespace": self.namespace, "name": pod},
            query,
            {"Accept": "*/*"},
            auth_settings=["BearerToken"],
            _preload_content=False,
            _return_http_data_only=True,
            _request_timeout=TIMEOUT,
        )
        with answer:
            rest = b""
            for chunk in answer.stream(None):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from (line.decode(errors="replace") for line in lines)
            if rest:
                yield rest.decode(errors="replace")

    def _call(self, what: str, request: Any, **arguments: Any) -> Any:
        """One request to this namespace, repeated while it fails for a passing reason."""
        arguments |= {"namespace": self.namespace, "_request_timeout": TIMEOUT}
        return self.patience.call(what, lambda: request(**arguments), explain)

    def _plain(self, model: Any) -> Json:
        return dict(self.api.sanitize_for_serialization(model))


def _configuration() -> tuple[Any, str]:
    """How to reach the cluster, and the namespace in which one works there."""
    from kubernetes import client, config

    configuration, file = client.Configuration(), os.environ.get("KUBECONFIG")
    if not file:
        try:
            config.load_incluster_config(client_configuration=configuration)
            return configuration, NAMESPACE.read_text().strip()
        except (config.ConfigException, OSError):
            pass
    try:
        config.load_kube_config(file, client_configuration=configuration)
        _, context = config.list_kube_config_contexts(file)
    except (config.ConfigException, OSError, TypeError, KeyError) as error:
        raise RlvrError(
            f"There is no cluster to launch a TrainJob in: this is no pod of one, and no kubeconfig can be read "
            f"({error}). Submit the pipeline to a cluster, set KUBECONFIG, or take [scale.job] out of the profile."
        ) from error
    return configuration, context["context"].get("namespace", "default")


def has_condition(job: Json, *kinds: str) -> Json | None:
    """The first condition of these kinds that is true."""
    found = (job.get("status") or {}).get("conditions") or []
    return next((each for each in found if each["type"] in kinds and each["status"] == "True"), None)
