"""What a stage says of itself when it is done: its provenance and, where it checked something, what it found."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from rlvr.canonical import dumps
from rlvr.launch.work import Work
from rlvr.lineage import ledger
from rlvr.lineage.keys import signer
from rlvr.lineage.origins import Folders
from rlvr.lineage.statement import Checked, Execution, Resource, checked, provenance
from rlvr.store import Store

IMAGE = "RLVR_IMAGE"
"""Environment variable: the digest-pinned reference of the image that runs; the pipeline sets it, for a container
cannot know its own."""
COMMIT = "RLVR_COMMIT"
"""Environment variable: the 40-hex commit of the code; images set it."""
RUN = "RLVR_RUN"
"""Environment variable: what the run is called."""
PIPELINE = "RLVR_PIPELINE"
"""Environment variable: version of the pipeline that the run belongs to."""

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


def attest(store: Store, work: Work, *, outputs: Mapping[str, str], started: str, telling: Telling) -> None:
    """Sign what a stage did and append it to the ledger of `store`, once for the same outputs.

    `outputs` maps arguments to the digests of what was published. A stage whose end came between the two finds that
    nothing was signed yet when it is asked for again.
    """
    marker = f"attested/{work.key}.json"
    known = store.read(marker)
    if known is not None and json.loads(known)["outputs"] == dict(outputs):
        return
    made = [Resource(name=name, digest={"sha256": digest}) for name, digest in outputs.items()]
    read = [resource for name, digests in work.inputs.items() for resource in _inputs(name, digests)]
    outside = telling.origins(_folders(store, outputs), work.parameters) if telling.origins else []
    execution = Execution(
        stage=work.stage,
        label=work.label,
        parameters=work.parameters,
        key=work.key,
        builder=_builder(),
        run=os.environ.get(RUN, ""),
        started=started,
        finished=now(),
        environment=_environment(),
    )
    said = provenance(made, execution, [*read, *outside, *_software(work.code)])
    number = ledger.append(store, said, signer())
    if telling.outcome is not None:
        resources = {resource.name: resource for resource in [*made, *read]}
        others = [resource for name, resource in resources.items() if name != telling.about]
        outcome = telling.outcome(_folders(store, outputs), work.parameters)
        ledger.append(store, checked([resources[telling.about]], others, outcome), signer())
    store.write(marker, dumps({"outputs": dict(outputs), "statement": number}), overwrite=True)


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
    if pipeline:
        found.append(Resource(name="pipeline", uri=pipeline))
    return found


def _builder() -> str:
    """Namespace and service account of the pod, or the kind of machine: never a person's name."""
    namespace = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
    if namespace.is_file():
        account = os.environ.get("RLVR_SERVICE_ACCOUNT", "default")
        return f"urn:rlvr:kubernetes:{namespace.read_text(encoding='utf-8').strip()}:{account}"
    return "urn:rlvr:local"


@cache
def _environment() -> dict[str, Any]:
    """What results may depend on beyond parameters, inputs and code."""
    told: dict[str, Any] = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processors": len(os.sched_getaffinity(0)),
        "threads": os.environ.get("OMP_NUM_THREADS", ""),
    }
    torch = sys.modules.get("torch")  # a stage that never imported it did not depend on it
    if torch is not None:
        told["torch"] = str(torch.__version__)
        told["accelerator"] = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none"
    return told


@cache
def _commit() -> str:
    """The commit of the code: told by the image, or asked of the checkout that the package runs from."""
    told = os.environ.get(COMMIT, "")
    if told:
        return told
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():
        return ""
    try:
        asked = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return asked.stdout.strip()
