"""Performing a stage: identity, memory of what was done, and the manifests that travel between stages.

A stage is a function from folders to folders. Its key is the digest of its name, parameters, input digests and the
code that runs; a stage whose key the store already knows is not run again, and a stage that was interrupted finds its
checkpoints under the same key. What travels through the pipeline is a small manifest file an artifact:

    {"digest": "ab12...", "store": "s3://bucket/prefix", "size": 3145728, "files": {"rows.parquet": {...}}}
"""

import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, Protocol

from rlvr import __version__
from rlvr.canonical import digest, dumps, load, plain
from rlvr.checkpoints import Checkpoints
from rlvr.errors import RlvrError
from rlvr.launch import EXIT_CODE, Stopped, launch
from rlvr.launch.command import stop_with_command
from rlvr.launch.work import Work, without_job
from rlvr.lineage.pod_note import leave_note
from rlvr.lineage.record import Source, Telling, announced, attest, now, ready_to_sign
from rlvr.lineage.use import note_made, note_use
from rlvr.progress import report
from rlvr.redaction import redact_tracebacks
from rlvr.scratch import scratch
from rlvr.store import Manifest, Store, open_store
from rlvr.training import Scale


class Artifact(Protocol):
    """What Kubeflow hands to a component: a local path for the manifest file and flat metadata."""

    path: str
    metadata: dict[str, Any]


def perform(
    body: Callable[..., object],
    *,
    store: str,
    inputs: Mapping[str, Artifact | Sequence[Artifact] | None],
    outputs: Mapping[str, Artifact],
    parameters: Mapping[str, Any],
    name: str | None = None,
    remember: bool = True,
    telling: Telling = Telling(),  # noqa: B008  (frozen)
) -> dict[str, Path]:
    """Run `body(**parameters, **input folders, **output folders)` once, publish its outputs, and return their folders.

    `inputs` and `outputs` are manifest artifacts by the name of the body's argument; an input may be None (then left
    out) or a list (the body gets a list of folders). A body with an argument `checkpoints` gets the `Checkpoints` of
    its key, one with `digests` the input digests. `name` labels the stage (default: the body's name). Without
    `remember` the body runs even if the key is known: for stages that read a place whose content may have changed.
    A body with a parameter `scale` runs in that many processes, here or on the pods of a TrainJob; asked to stop by
    SIGTERM, it saves a checkpoint and `SystemExit` follows with code 75. What was done is signed and appended to the
    store's ledger, before the store remembers it as done; `telling` is what only this stage knows about it.
    """
    redact_tracebacks()
    keep = open_store(store)
    label = name or body.__name__
    work = Work(
        stage=f"{body.__module__}:{body.__name__}",
        parameters=without_job(parameters),
        inputs={argument: _digests(artifact) for argument, artifact in inputs.items() if artifact is not None},
        code=code_digest(),
        label=label,
        outputs=tuple(outputs),
    )
    place, started = f"records/{work.key}.json", now()
    done: dict[str, str] = {}

    def sign(made: Mapping[str, str], source: Source) -> int:
        done.update(made)
        return attest(keep, work, outputs=made, started=started, telling=telling, source=source)

    with _told(label):
        ready_to_sign(label)
        note_use(keep, work)
    record = keep.read(place) if remember else None
    source: Source = "recalled"
    if record is None:
        scale = load(Scale, parameters.get("scale") or {})
        source = "launched"
        _run(body, keep, work, scale, lambda made: sign(made, "done here"))
        record = keep.read(place)
        assert record is not None, f"{place} was written but cannot be read"
    else:
        Checkpoints(keep, work.checkpoint_key).drop()  # of a process that was killed right after its record
        report(label, 1, 1, event="known")
    with _told(label):
        # What was done in this process is signed already; the record may be of another one that did the same just now.
        statement = sign(done, "done here") if done else sign(json.loads(record)["outputs"], source)
        note_use(keep, work, done)
    report(label, 1, 1, event="done", outputs=done)
    for argument, artifact in outputs.items():
        write_manifest(artifact, keep.manifest(done[argument]), keep, label)
        artifact.metadata["statement"] = float(statement)
    return {argument: keep.get(made) for argument, made in done.items()}


def _digests(artifact: Artifact | Sequence[Artifact]) -> str | list[str]:
    if isinstance(artifact, Sequence):
        return [str(read_manifest(each)["digest"]) for each in artifact]
    return str(read_manifest(artifact)["digest"])


def read_manifest(artifact: Artifact) -> dict[str, Any]:
    """The content of a manifest artifact."""
    try:
        content = json.loads(Path(artifact.path).read_text())
        content["digest"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise RlvrError(
            f"{artifact.path} is not a manifest of an rlvr artifact ({type(error).__name__}); "
            f"pass the output of another rlvr stage."
        ) from error
    return content  # type: ignore[no-any-return]


def write_manifest(artifact: Artifact, manifest: Manifest, keep: Store, label: str) -> None:
    """Write the manifest file of an output and show its digest in the artifact's metadata."""
    path = Path(artifact.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    files = {"digest": manifest.digest, "store": keep.url, "size": manifest.size, "files": plain(manifest.files)}
    path.write_text(json.dumps(files, indent=1, sort_keys=True))
    artifact.metadata.update(
        {"sha256": manifest.digest, "bytes": float(manifest.size), "files": float(len(manifest.files)), "stage": label}
    )


@cache
def code_digest() -> str:
    """Digest of the installed package's Python sources and templates: results of other code are not reused."""
    root = Path(__file__).parent
    sources = sorted(path for pattern in ("*.py", "*.j2", "*.css", "*.toml") for path in root.rglob(pattern))
    texts = {path.relative_to(root).as_posix(): digest(path.read_text(encoding="utf-8")) for path in sources}
    return digest({"version": __version__, "files": texts})


Sign = Callable[[Mapping[str, str]], object]
"""Signs that a stage's outputs, argument -> digest, were made."""


def _run(body: Callable[..., object], keep: Store, work: Work, scale: Scale, sign: Sign) -> None:
    """Do the work here or as a TrainJob, telling whoever watches how it goes."""
    report(work.label, 0, 1, event="start")
    stop_with_command()
    with _told(work.label), announced(work, now()):
        if scale.job is None:
            compute(body, keep, work, sign=sign)
        else:
            from rlvr.launch.launcher import launch_train_job

            launch_train_job(keep, work, scale)


@contextmanager
def _told(label: str) -> Iterator[None]:
    """Whoever watches hears why the block ended early."""
    try:
        yield
    except Stopped as stopped:
        report(label, 0, 1, event="stopped", message=str(stopped))
        raise SystemExit(EXIT_CODE) from stopped
    except Exception as error:
        kind = "" if isinstance(error, RlvrError) else f"{type(error).__name__}: "
        report(label, 0, 1, event="error", message=f"{kind}{error}")
        raise


def compute(
    body: Callable[..., object], keep: Store, work: Work, *, publish: bool = True, sign: Sign | None = None
) -> None:
    """Fetch the inputs, run the body, publish its outputs, sign for them, and leave the record of them.

    Of several machines that do the same work together one publishes. Without `sign` a note tells the stage that
    launched this how it was done.
    """
    started = now()
    folders = {
        argument: [keep.get(digest) for digest in made] if isinstance(made, list) else keep.get(made)
        for argument, made in work.inputs.items()
    }
    extra: dict[str, Any] = {}
    checkpoints = Checkpoints(keep, work.checkpoint_key)
    wanted = inspect.signature(body).parameters
    if "checkpoints" in wanted:
        extra["checkpoints"] = checkpoints
    if "digests" in wanted:
        extra["digests"] = work.inputs
    with scratch() as place:
        made = {argument: place / argument for argument in work.outputs}
        for folder in made.values():
            folder.mkdir()
        arguments = {**work.parameters, **folders, **made, **extra}
        if "scale" in work.parameters:
            launch(body, load(Scale, work.parameters["scale"]), **arguments)
        else:
            body(**arguments)
        if not publish:
            return
        published = partial(note_made, keep, work)
        digests = {argument: keep.put(folder, published).digest for argument, folder in made.items()}
    if sign is not None:
        sign(digests)
    else:
        leave_note(keep, work, started=started, finished=now())
    keep.write(f"records/{work.key}.json", dumps({**work.identity, "outputs": digests}), overwrite=True)
    checkpoints.drop()
