"""The name of a pipeline version: it follows from the compiled pipeline, so the same pipeline is uploaded once."""

from rlvr.lineage.pipeline_digest import pipeline_digest


def version_name(compiled: bytes) -> str:
    """`sha256-` and the first 12 hex digits of a compiled pipeline's digest, which its statements name in full."""
    return f"sha256-{pipeline_digest(compiled).removeprefix('sha256:')[:12]}"
