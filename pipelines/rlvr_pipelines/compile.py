"""A method to Kubeflow's intermediate representation: deterministic YAML whose images are pinned by digest."""

import contextlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rlvr.errors import RlvrError
from rlvr.method import Method
from rlvr_pipelines.profiles import Profile

PINNED = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")
"""A reference that names one image for ever."""


def compile_pipeline(
    method: Method, profile: Profile, target: Path, *, store: str, lock: Path, allow_unpinned: bool = False
) -> None:
    """Write the pipeline's YAML to `target`, whole or not at all; the same arguments give the same bytes."""
    write_yaml(target, pipeline_yaml(method, profile, store=store, lock=lock, allow_unpinned=allow_unpinned))


def pipeline_yaml(
    method: Method,
    profile: Profile,
    *,
    store: str,
    lock: Path,
    allow_unpinned: bool = False,
    resources: Any = None,
    digest: str = "",
) -> bytes:
    """The pipeline's YAML; as Kubernetes resources, if `resources` holds Kubeflow's options of these.

    `digest` is then that of the pipeline, which its tasks are told.
    """
    from kfp.compiler import Compiler

    from rlvr.lineage.pipeline_digest import with_digest
    from rlvr.stages.images import LMMS_EVAL
    from rlvr_pipelines.pipeline import build, cross_checked

    further = (LMMS_EVAL,) if cross_checked(method, profile) else ()
    graph = build(method, profile, images(lock, further, allow_unpinned=allow_unpinned), store)
    with TemporaryDirectory(prefix="rlvr-") as folder:
        made = Path(folder) / "pipeline.yaml"
        Compiler().compile(
            graph,
            str(made),
            kubernetes_manifest_format=resources is not None,
            kubernetes_manifest_options=resources,
        )
        return with_digest(made.read_bytes(), digest)


def write_yaml(target: Path, content: bytes) -> None:
    """Write `content` to `target`, whole or not at all."""
    if target.suffix not in (".yaml", ".yml"):
        raise RlvrError(f"{target}: pipelines and Kubernetes' resources are read from .yaml files; name the output so.")
    part = target.with_name(f".{target.stem}.part.yaml")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        os.replace(part, target)
    except OSError as error:
        raise RlvrError(f"{target} cannot be written: {error.strerror}. Choose another place with -o.") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def images(lock: Path, further: Sequence[str] = (), *, allow_unpinned: bool = False) -> dict[str, str]:
    """Image name -> `repository@sha256:...` of the lock file; unpinned names only when they are allowed.

    `further` are images beyond those that every pipeline needs.
    """
    from rlvr.stages.images import NAMES

    names = (*NAMES, *further)
    locked: dict[str, str] = {}
    if lock.is_file():
        try:
            locked = json.loads(lock.read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            raise RlvrError(f"{lock} is not JSON ({error}); build the images again to rewrite it.") from error
        if not isinstance(locked, dict) or not all(isinstance(value, str) for value in locked.values()):
            raise RlvrError(f"{lock} is not an object of image references; build the images again to rewrite it.")
    missing = [name for name in names if not PINNED.fullmatch(locked.get(name, ""))]
    if missing and not allow_unpinned:
        raise RlvrError(
            f"{lock} has no digest for {', '.join(missing)}, and a compiled pipeline names its images by digest so "
            f"that it always runs the same code. Build and push the images (make images REGISTRY=...), or pass "
            f"--allow-unpinned to develop."
        )
    return {name: locked.get(name) or f"{name}:dev" for name in names}
