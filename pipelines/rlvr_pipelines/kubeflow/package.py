"""A compiled pipeline as it is uploaded: its bytes, the name that follows from them, and the limits it must keep."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from rlvr.errors import RlvrError
from rlvr.method import Method
from rlvr_pipelines.profiles import Profile
from rlvr_pipelines.version import version_name

MAX_PARAMETER_BYTES = 10_000
"""What the API server accepts of a run's parameters together, by default (its variable MAX_PARAMETER_BYTES)."""
MAX_UPLOAD_BYTES = 32 << 20
"""What it accepts as a file."""
MAX_STORED_BYTES = 3 << 19
"""What etcd keeps of one object, 1.5 MiB: the workflow holds the pipeline."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """One compiled pipeline."""

    pipeline: str
    """Name of the pipeline in Kubeflow."""
    compiled: bytes
    """The YAML."""
    description: str
    """One line for people."""
    tags: Mapping[str, str]
    """What the version is of; keys and values within Kubeflow's 63 characters."""
    parameters: tuple[str, ...]
    """Names of the pipeline's parameters."""

    @property
    def version(self) -> str:
        """Name of the version, which follows from the bytes."""
        return version_name(self.compiled)

    def checked(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of a run; `RlvrError` for unknown ones and for sizes that Kubeflow would refuse."""
        for name in parameters:
            if name not in self.parameters:
                near = get_close_matches(name, self.parameters, n=1)
                guess = f" Did you mean {near[0]!r}?" if near else ""
                known = ", ".join(self.parameters)
                raise RlvrError(f"The pipeline {self.pipeline} has no parameter {name!r}.{guess} It has {known}.")
        size = len(json.dumps(dict(parameters)).encode())
        if size > MAX_PARAMETER_BYTES:
            raise RlvrError(
                f"The parameters of {self.pipeline} have {size:,} bytes and Kubeflow accepts {MAX_PARAMETER_BYTES:,} "
                f"together; put long values in the method or the profile (--set), which are compiled in."
            )
        return dict(parameters)


def package(method: Method, profile: Profile, *, store: str, lock: Path, allow_unpinned: bool = False) -> Package:
    """Compile a method; `RlvrError` when the result is larger than Kubeflow can keep."""
    from rlvr import __version__
    from rlvr_pipelines.compile import compile_pipeline
    from rlvr_pipelines.pipeline import pipeline_name

    with tempfile.TemporaryDirectory(prefix="rlvr-") as folder:
        target = Path(folder) / "pipeline.yaml"
        compile_pipeline(method, profile, target, store=store, lock=lock, allow_unpinned=allow_unpinned)
        compiled = target.read_bytes()
    if len(compiled) > min(MAX_STORED_BYTES, MAX_UPLOAD_BYTES):
        raise RlvrError(
            f"The pipeline of {method.name} has {len(compiled):,} bytes and a cluster keeps {MAX_STORED_BYTES:,}; "
            f"run fewer benchmarks (the profile's max_benchmarks)."
        )
    spec = next(yaml.load_all(compiled, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    return Package(
        pipeline=pipeline_name(method),
        compiled=compiled,
        description=f"{method.title}: {method.summary}"[:250],
        tags={"method": method.name[:63], "profile": profile.name[:63], "rlvr": __version__[:63]},
        parameters=tuple(sorted(spec["root"].get("inputDefinitions", {}).get("parameters", {}))),
    )
