"""Starting a run once: its name follows from what runs, so asking again finds the run instead of starting another."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rlvr.canonical import digest
from rlvr.errors import RlvrError
from rlvr_pipelines.kubeflow.connection import Connection
from rlvr_pipelines.kubeflow.listing import PAGE, contains, equals, every
from rlvr_pipelines.kubeflow.package import Package
from rlvr_pipelines.kubeflow.upload import upload

REPEATABLE = ("FAILED", "CANCELED", "CANCELING", "SKIPPED")
"""States of a run after which the same submission starts a new one; stages that were finished are not done again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Submitted:
    """A run and whether this submission started it."""

    run_id: str
    """Identifier in Kubeflow."""
    name: str
    """Name shown there."""
    state: str
    """State when it was found; `PENDING` for a new one."""
    new: bool
    """Whether it was started now."""
    version: str
    """Version of its pipeline."""
    version_new: bool
    """Whether the version was uploaded now."""


def submit(
    connection: Connection,
    package: Package,
    parameters: Mapping[str, Any],
    *,
    experiment: str,
    service_account: str = "",
    again: bool = False,
) -> Submitted:
    """Upload the pipeline if it is new and start a run of it, unless one of the same content waits, runs or succeeded.

    `again` starts one in any case. Attempts are numbered, so that an attempt whose answer got lost is found again.
    """
    given = package.checked(parameters)
    uploaded = upload(connection, package)
    place = ensure_experiment(connection, experiment)
    content = digest({"version": package.version, "parameters": given, "account": service_account})[:10]
    stem = f"{package.pipeline}-{content}"
    earlier = _attempts(connection, place, stem)
    number = max(earlier, default=0)
    if number and not again and earlier[number].state not in REPEATABLE:
        run, new = earlier[number], False
    else:
        run, new = _start(connection, place, f"{stem}-{number + 1}", uploaded, given, service_account, package), True
    return Submitted(
        run_id=run.run_id,
        name=run.display_name,
        state=run.state or "PENDING",
        new=new,
        version=package.version,
        version_new=uploaded.new,
    )


def ensure_experiment(connection: Connection, name: str) -> str:
    """Identifier of the experiment of that name, which is made if it is not there."""
    from kfp_server_api import V2beta1Experiment

    def find() -> Any:
        found = every(
            connection,
            f"Looking for the experiment {name}",
            lambda token: connection.client.list_experiments(
                page_token=token, page_size=PAGE, namespace=connection.namespace, filter=equals("display_name", name)
            ),
            "experiments",
        )
        return next((one for one in found if one.display_name == name and one.storage_state != "ARCHIVED"), None)

    there = find()
    if there is None:
        body = V2beta1Experiment(display_name=name, namespace=connection.namespace)
        there = connection.call(
            f"Creating the experiment {name}",
            lambda: connection.client.experiments.experiment_service_create_experiment(body),
            lost=find,
        )
    return _identified(there.experiment_id, "experiment")


def _attempts(connection: Connection, experiment_id: str, stem: str) -> dict[int, Any]:
    """Number -> run of the attempts at the same content."""
    found = every(
        connection,
        f"Looking for runs called {stem}",
        lambda token: connection.client.list_runs(
            page_token=token, page_size=PAGE, experiment_id=experiment_id, filter=contains("display_name", stem)
        ),
        "runs",
    )
    named = ((re.fullmatch(rf"{re.escape(stem)}-(\d+)", run.display_name or ""), run) for run in found)
    return {int(match[1]): run for match, run in named if match}


def _start(
    connection: Connection,
    experiment_id: str,
    name: str,
    uploaded: Any,
    parameters: Mapping[str, Any],
    service_account: str,
    package: Package,
) -> Any:
    from kfp_server_api import V2beta1PipelineVersionReference, V2beta1Run, V2beta1RuntimeConfig

    number = int(name.rpartition("-")[2])
    body = V2beta1Run(
        experiment_id=experiment_id,
        display_name=name,
        description=f"{package.description[:200]} ({package.version})",
        pipeline_version_reference=V2beta1PipelineVersionReference(
            pipeline_id=uploaded.pipeline_id, pipeline_version_id=uploaded.version_id
        ),
        runtime_config=V2beta1RuntimeConfig(parameters=dict(parameters)),
        service_account=service_account or None,
    )
    run = connection.call(
        f"Starting the run {name}",
        lambda: connection.client.runs.run_service_create_run(body),
        lost=lambda: _attempts(connection, experiment_id, name.rpartition("-")[0]).get(number),
    )
    _identified(run.run_id, "run")
    return run


def _identified(identifier: str | None, what: str) -> str:
    if not identifier:
        raise RlvrError(f"Kubeflow's answer names no {what}; is --host the API of Kubeflow Pipelines 2.x?")
    return identifier
