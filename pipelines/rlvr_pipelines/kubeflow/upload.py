"""Uploading pipelines by content: what is there already is not uploaded again, and no answer that gets lost matters."""

import contextlib
import io
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlvr_pipelines.kubeflow.connection import Connection
from rlvr_pipelines.kubeflow.listing import PAGE, equals, every
from rlvr_pipelines.kubeflow.package import Package


@dataclass(frozen=True, kw_only=True, slots=True)
class Uploaded:
    """A pipeline version in Kubeflow."""

    pipeline_id: str
    """Identifier of the pipeline."""
    version_id: str
    """Identifier of the version."""
    new: bool
    """Whether it was not there before."""


def upload(connection: Connection, package: Package) -> Uploaded:
    """The version of Kubeflow that holds exactly this pipeline; made if it is not there."""
    pipeline = find_pipeline(connection, package.pipeline)
    if pipeline is None:
        pipeline = _create(connection, package)
    version = find_version(connection, pipeline.pipeline_id, package.version)
    new = version is None
    if version is None:
        version = _add_version(connection, pipeline.pipeline_id, package)
    return Uploaded(pipeline_id=pipeline.pipeline_id, version_id=version.pipeline_version_id, new=new)


def find_pipeline(connection: Connection, name: str) -> Any:
    """The pipeline of that name; None when there is none."""
    found = every(
        connection,
        f"Looking for the pipeline {name}",
        lambda token: connection.client.list_pipelines(
            page_token=token, page_size=PAGE, filter=equals("name", name), namespace=connection.namespace
        ),
        "pipelines",
    )
    return next((one for one in found if name in (one.name, one.display_name)), None)


def find_version(connection: Connection, pipeline_id: str, name: str) -> Any:
    """The pipeline's version of that name; None when there is none."""
    found = every(
        connection,
        f"Looking for the version {name}",
        lambda token: connection.client.list_pipeline_versions(
            pipeline_id, page_token=token, page_size=PAGE, filter=equals("name", name)
        ),
        "pipeline_versions",
    )
    return next((one for one in found if name in (one.name, one.display_name)), None)


def _create(connection: Connection, package: Package) -> Any:
    # An upload would call the first version like the pipeline; an empty pipeline leaves the names of versions to us.
    from kfp_server_api import V2beta1Pipeline

    body = V2beta1Pipeline(
        name=package.pipeline,
        display_name=package.pipeline,
        description=package.description,
        namespace=connection.namespace,
    )
    return connection.call(
        f"Creating the pipeline {package.pipeline}",
        lambda: connection.client.pipelines.pipeline_service_create_pipeline(body),
        lost=lambda: find_pipeline(connection, package.pipeline),
    )


def _add_version(connection: Connection, pipeline_id: str, package: Package) -> Any:
    with tempfile.TemporaryDirectory(prefix="rlvr-") as folder, contextlib.redirect_stdout(io.StringIO()):
        path = Path(folder) / "pipeline.yaml"
        path.write_bytes(package.compiled)
        return connection.call(
            f"Uploading version {package.version} of {package.pipeline}",
            lambda: connection.client.pipeline_uploads.upload_pipeline_version(
                str(path),
                name=package.version,
                display_name=package.version,
                pipelineid=pipeline_id,
                description=package.description,
                tags=json.dumps(dict(package.tags), sort_keys=True),
            ),
            lost=lambda: find_version(connection, pipeline_id, package.version),
        )
