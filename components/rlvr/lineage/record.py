"""What a stage says of itself when it is done: its provenance and, where it checked something, what it found."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from rlvr.canonical import dumps
from rlvr.errors import RlvrError
from rlvr.launch.work import Work
from rlvr.lineage import ledger
from rlvr.lineage.entry import TABLES
from rlvr.lineage.keys import SIGNING_KEY, in_pod_without_key, signer
from rlvr.lineage.machine import machine
from rlvr.lineage.openlineage import tell_completion, tell_failure, tell_start
from rlvr.lineage.origins import Folders
from rlvr.lineage.pipeline_digest import UNKNOWN
from rlvr.lineage.pod_note import read_note
from rlvr.lineage.row_search import holds_rows
from rlvr.lineage.statement import Checked, Execution, Resource, checked, provenance
from rlvr.progress import report
from rlvr.store import Store

IMAGE = "RLVR_IMAGE"
"""Environment variable: the digest-pinned reference of the image that runs; the pipeline sets it, for a container
cannot know its own."""
COMMIT = "RLVR_COMMIT"
"""Environment variable: the 40-hex commit of the code; images set it."""
RUN = "RLVR_RUN"
"""Environment variable: what the run is called."""
METHOD = "RLVR_METHOD"
"""Environment variable: name of the method whose pipeline runs."""
PIPELINE = "RLVR_PIPELINE"
"""Environment variable: digest of the compiled pipeline that the run belongs to, see `rlvr.lineage.pipeline_digest`."""

Source = Literal["done here", "launched", "recalled"]
"""How a process knows what was done: it did it itself, it launched a TrainJob and followed it, or it found a record in
the store that no statement stands behind."""

Origins = Callable[[Folders, Mapping[str, Any]], list[Resource]]
Outcome = Callable[[Folders, Mapping[str, Any]], Checked]


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """What only the stage itself knows beyond inputs, parameters and outputs."""

    origins: Origins | None = None
    """What it read from outside the store."""
    outcome: Outcome | None = None
    """What it checked."""
    about: str = ""
    """Which argument (input or output) the outcome is about."""


def now() -> str:
    """The time as statements give it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ready_to_sign(label: str) -> None:
    """`RlvrError` if what stage `label` does could not be signed; a warning if nobody would trust the signature."""
    signer()
    if in_pod_without_key():
        message = (
            f"{SIGNING_KEY} is not set, so this pod signs with a key of its own that is lost with it, and "
            f"`rlvr audit verify` will not trust what it says. Make a key (`rlvr audit key signing-key.pem`) and "
            f"keep it in the Secret rlvr-signing-key as manifests/templates/signing-key.yaml says."
        )
        print(f"rlvr: warning: {message}", file=sys.stderr, flush=True)
        report(label, 0, 1, note=message)


@contextmanager
def announced(work: Work, started: str) -> Iterator[None]:
    """Whoever listens for OpenLineage events hears that the stage within begins, and if it fails."""
    run = os.environ.get(RUN, "")
    tell_start(work, run, started)
    try:
        yield
    except Exception as error:
        tell_failure(work, run, now(), f"{type(error).__name__}: {error}")
        raise


def attest(
    store: Store,
    work: Work,
    *,
    outputs: Mapping[str, str],
    started: str,
    telling: Telling,
    source: Source = "done here",
) -> int:
    """Sign what a stage did and append it to the ledger of `store`, once for the same outputs; its statement's number.

    `outputs` maps arguments to the digests of what was published. A record of the store that promises something else
    than the statement about it is refused: it was changed.
    """
    marker = f"attested/{work.key}.json"
    known = _attested(store, marker)
    if known is not None and known["outputs"] == dict(outputs):
        return int(known["statement"])
    if known is not None and source == "recalled":
        raise RlvrError(
            f"Stage {work.label}: records/{work.key}.json in {store.url} promises other results than statement "
            f"{known['statement']} says were made, so one of them was changed. Remove the record, and the stage runs "
            f"again; `rlvr audit gaps` looks at the whole store."
        )
    made = [_made(store, name, digest) for name, digest in outputs.items()]
    read = [resource for name, digests in work.inputs.items() for resource in _inputs(name, digests)]
    outside = telling.origins(_folders(store, outputs), work.parameters) if telling.origins else []
    said = provenance(made, _execution(store, work, started, source), [*read, *outside, *_software(work.code)])
    number = ledger.append(store, said, signer())
    if source != "recalled":
        tell_completion(work, os.environ.get(RUN, ""), said, store.url)
    if telling.outcome is not None:
        resources = {resource.name: resource for resource in [*made, *read]}
        others = [resource for name, resource in resources.items() if name != telling.about]
        outcome = telling.outcome(_folders(store, outputs), work.parameters)
        ledger.append(store, checked([resources[telling.about]], others, outcome), signer())
    store.write(marker, dumps({"outputs": dict(outputs), "statement": number}), overwrite=True)
    return number


def _attested(store: Store, marker: str) -> dict[str, Any] | None:
    """What the store remembers of a statement about this work."""
    try:
        told = json.loads(store.read(marker) or "null")
        return None if told is None else {"outputs": dict(told["outputs"]), "statement": int(told["statement"])}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _execution(store: Store, work: Work, started: str, source: Source) -> Execution:
    """How it ran: in the words of this process, or of the pod that did it."""
    environment, finished = machine(work), now()
    if source != "done here":
        note = read_note(store, work.key)
        environment = {"told_by": "the launching stage, which does not know the machine that did it"}
        if note is not None:
            told = {"told_by": "the training pod", "pod": note["pod"], "pods": note["pods"]}
            environment = {**note["environment"], **told}
            started, finished = note["started"], note["finished"]
        if source == "recalled":
            environment["recalled"] = True
    return Execution(
        stage=work.stage,
        label=work.label,
        parameters=work.parameters,
        key=work.key,
        builder=_builder(),
        run=os.environ.get(RUN, ""),
        method=os.environ.get(METHOD, ""),
        started=started,
        finished=finished,
        environment=environment,
    )


def _made(store: Store, name: str, digest: str) -> Resource:
    """An output, with its size and those of its files in which rows can be looked for."""
    manifest = store.manifest(digest)
    facts: dict[str, Any] = {"bytes": manifest.size, "files": len(manifest.files)}
    facts[TABLES] = [path for path in manifest.files if holds_rows(path)]
    return Resource(name=name, digest={"sha256": digest}, annotations=facts)


def _folders(store: Store, outputs: Mapping[str, str]) -> Folders:
    return {name: store.get(digest) for name, digest in outputs.items()}


def _inputs(name: str, digests: str | list[str]) -> list[Resource]:
    """An input, which may be a list of artifacts."""
    if isinstance(digests, str):
        return [Resource(name=name, digest={"sha256": digests})]
    return [Resource(name=f"{name}[{place}]", digest={"sha256": one}) for place, one in enumerate(digests)]


def _software(code: str) -> list[Resource]:
    """Code, image and pipeline version."""
    commit, image, pipeline = _commit(), os.environ.get(IMAGE, ""), os.environ.get(PIPELINE, "")
    found = [Resource(name="code", digest={"sha256": code, **({"gitCommit": commit} if commit else {})})]
    if "@sha256:" in image:
        found.append(Resource(name="image", digest={"sha256": image.rpartition("@sha256:")[2]}, uri=image))
    elif image:
        found.append(Resource(name="image", uri=image))
    if pipeline.startswith("sha256:") and pipeline != UNKNOWN:
        found.append(Resource(name="pipeline", digest={"sha256": pipeline.removeprefix("sha256:")}))
    return found


def _builder() -> str:
    """Namespace and service account of the pod, or the kind of machine: never a person's name."""
    namespace = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
    if namespace.is_file():
        account = os.environ.get("RLVR_SERVICE_ACCOUNT", "default")
        return f"urn:rlvr:kubernetes:{namespace.read_text(encoding='utf-8').strip()}:{account}"
    return "urn:rlvr:local"


@cache
def _commit() -> str:
    """The commit of the code: told by the image, or asked of the checkout that the package runs from.

    Empty where the checkout's files are not those of its commit: the digest of the code says which they are.
    """
    told = os.environ.get(COMMIT, "")
    if told:
        return told
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():
        return ""
    git = ["git", "-C", str(root)]
    try:
        asked = [
            subprocess.run([*git, *more], capture_output=True, text=True, timeout=30, check=True).stdout.strip()
            for more in (["rev-parse", "HEAD"], ["status", "--porcelain", "--", "components"])
        ]
    except (OSError, subprocess.SubprocessError):
        return ""
    return "" if asked[1] else asked[0]
