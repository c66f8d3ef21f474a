"""The name of a pipeline version: it follows from the compiled pipeline, so the same pipeline is uploaded once."""

import hashlib


def version_name(compiled: bytes) -> str:
    """`sha256-` and the first 12 hex digits of the SHA-256 of a compiled pipeline's bytes."""
    return f"sha256-{hashlib.sha256(compiled).hexdigest()[:12]}"
