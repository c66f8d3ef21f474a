"""OpenLineage events about stages, for whoever watches lineage in a server of that kind (Marquez, DataHub and others).

They are an export: what counts is the signed ledger. Each stage that runs gives a START and then a COMPLETE event, made
from its statement, or a FAIL event. Artifacts are data sets of the store's namespace, named and versioned by digest.

Where events go is said by the client's own variables: `OPENLINEAGE_URL` (with `OPENLINEAGE_API_KEY`),
`OPENLINEAGE_CONFIG` or `OPENLINEAGE__TRANSPORT__...`; without any, nothing is sent, and `OPENLINEAGE_DISABLED=true`
turns it off.
https://openlineage.io/docs/client/python
"""

import os
import re
import sys
import uuid
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from rlvr import __version__
from rlvr.launch.work import Work
from rlvr.redaction import redacted

if TYPE_CHECKING:
    from openlineage.client.event_v2 import RunEvent

PRODUCER = f"urn:rlvr:{__version__}"
"""Who says it."""
SPACE = uuid.UUID("a2f1b7a4-6a0e-5d53-9c7c-0d7a1c1f3a5e")
"""Identifiers of runs are computed within this one."""
INSTALL = "install rlvr's extra `openlineage`"


def configured() -> bool:
    """Whether events are wanted and can be sent; a warning where they are wanted and the client is not installed."""
    named = ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG")
    wanted = any(os.environ.get(name) for name in named)
    wanted = wanted or any(name.startswith("OPENLINEAGE__TRANSPORT") for name in os.environ)
    if not wanted or os.environ.get("OPENLINEAGE_DISABLED", "").lower() in ("true", "1"):
        return False
    try:
        import openlineage.client  # noqa: F401  (whether it is there)
    except ModuleNotFoundError:
        _warn(f"OpenLineage is configured, and its client is not installed; {INSTALL}")
        return False
    return True


def tell_start(work: Work, run: str, time: str) -> None:
    """Say that a stage begins."""
    if configured():
        _send(work.label, _event("START", time, work.label, work.stage, _run_id(run, work.key), run))


def tell_failure(work: Work, run: str, time: str, message: str) -> None:
    """Say that a stage has failed, and why."""
    if configured():
        from openlineage.client.facet_v2 import error_message_run

        event = _event("FAIL", time, work.label, work.stage, _run_id(run, work.key), run)
        told = error_message_run.ErrorMessageRunFacet(message=redacted(message)[:2000], programmingLanguage="python")
        event.run.facets = {**(event.run.facets or {}), "errorMessage": told}
        _send(work.label, event)


def tell_completion(work: Work, run: str, statement: Mapping[str, Any], store: str) -> None:
    """Say that a stage is done: what its `statement` says that it made of what."""
    if configured():
        _send(work.label, completion(work, run, statement, store))


def completion(work: Work, run: str, statement: Mapping[str, Any], store: str) -> "RunEvent":
    """The COMPLETE event of a provenance statement; `store` is the address of the store that holds the artifacts."""
    from openlineage.client.event_v2 import InputDataset, OutputDataset
    from openlineage.client.facet_v2 import output_statistics_output_dataset

    predicate = statement["predicate"]
    finished = predicate["runDetails"]["metadata"]["finishedOn"]
    event = _event("COMPLETE", finished, work.label, work.stage, _run_id(run, work.key), run)
    read = [one for one in predicate["buildDefinition"]["resolvedDependencies"] if one["name"] not in _SOFTWARE]
    event.inputs = [InputDataset(**_dataset(one, store)) for one in read]
    event.outputs = []
    for one in statement["subject"]:
        facts = one.get("annotations", {})
        size = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            size=facts.get("bytes"), fileCount=facts.get("files")
        )
        event.outputs.append(OutputDataset(**_dataset(one, store), outputFacets={"outputStatistics": size}))
    return event


_SOFTWARE = ("code", "image", "pipeline")


def _event(kind: str, time: str, label: str, function: str, run_id: str, run: str) -> "RunEvent":
    from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
    from openlineage.client.facet_v2 import (
        documentation_job,
        job_type_job,
        parent_run,
        processing_engine_run,
        set_producer,
    )

    set_producer(PRODUCER)
    namespace = os.environ.get("OPENLINEAGE_NAMESPACE") or "rlvr"
    facets: dict[str, Any] = {
        "processing_engine": processing_engine_run.ProcessingEngineRunFacet(version=__version__, name="rlvr")
    }
    if run:
        whole = parent_run.Job(namespace=namespace, name="run")
        facets["parent"] = parent_run.ParentRunFacet(run=parent_run.Run(runId=_run_id(run)), job=whole)
    about = {
        "jobType": job_type_job.JobTypeJobFacet(processingType="BATCH", integration="RLVR", jobType="STAGE"),
        "documentation": documentation_job.DocumentationJobFacet(description=function),
    }
    return RunEvent(
        eventType=RunState[kind],
        eventTime=time,
        run=Run(runId=run_id, facets=facets),
        job=Job(namespace=namespace, name=label, facets=about),
        producer=PRODUCER,
        inputs=[],
        outputs=[],
    )


def _dataset(resource: Mapping[str, Any], store: str) -> dict[str, Any]:
    """Namespace, name and facets of an artifact of the store, or of something from outside."""
    from openlineage.client.facet_v2 import dataset_version_dataset, documentation_dataset

    digest, address = resource.get("digest", {}).get("sha256", ""), str(resource.get("uri", ""))
    namespace, name, version = _place(address, digest) if address else (store, f"artifacts/{digest}", digest)
    facets: dict[str, Any] = {}
    facets["documentation"] = documentation_dataset.DocumentationDatasetFacet(description=resource["name"])
    if version:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=version)
    return {"namespace": namespace, "name": name, "facets": facets}


def _place(address: str, digest: str) -> tuple[str, str, str]:
    """Namespace, name and version of something that was read from outside: `hub:ID@COMMIT/path`, `s3://bucket/key`."""
    if found := re.fullmatch(r"hub:([^@]+)@([0-9a-f]{40})(/.*)?", address):
        return "hub", found[1] + (found[3] or ""), found[2]
    if found := re.fullmatch(r"(\w+://[^/]+)/(.+)", address):
        return found[1], found[2], digest
    if found := re.fullmatch(r"(\w+):(.+)", address):
        return found[1], found[2], digest
    return "file", address, digest


def _run_id(*names: str) -> str:
    """The same identifier for the same run, or the same work in a run."""
    return str(uuid.uuid5(SPACE, "/".join(names)))


def _send(label: str, event: "RunEvent") -> None:
    """Send an event; a server that does not take it ends no stage."""
    from openlineage.client import OpenLineageClient

    try:
        client = OpenLineageClient()
        client.config.facets.source_code_location.disabled = True  # it would tell of the folder that one stands in
        client.emit(event)
        client.close()
    except Exception as error:  # the client lets through whatever its transports raise
        kind = event.eventType.value if event.eventType else ""
        what = f"OpenLineage did not take the {kind} event of stage {label} ({type(error).__name__})"
        _warn(f"{what}; the stage goes on")


@cache
def _warn(message: str) -> None:
    """Say it once."""
    print(f"rlvr: warning: {message}", file=sys.stderr, flush=True)
