"""The digest of a compiled pipeline, by which its tasks know what they belong to.

A text cannot hold its own digest. So every task is compiled with a variable of zeros, the digest is taken of that text,
and then written in the place of the zeros; `pipeline_digest` puts them back before it computes.
"""

import hashlib
import re

UNKNOWN = f"sha256:{'0' * 64}"
"""What stands in the variable until the digest is known, and where pipelines are not compiled."""
VARIABLE = re.compile(rb"(name: RLVR_PIPELINE\s+value: ['\"]?)sha256:[0-9a-f]{64}")
"""The variable in a pipeline's YAML."""


def pipeline_digest(compiled: bytes) -> str:
    """`sha256:` and the digest of a compiled pipeline's YAML, whether or not it holds it already."""
    blank = VARIABLE.sub(rb"\g<1>" + UNKNOWN.encode(), compiled)
    return f"sha256:{hashlib.sha256(blank).hexdigest()}"


def with_digest(compiled: bytes, digest: str = "") -> bytes:
    """The YAML with its digest in every task, or with that of the pipeline that it holds in another form."""
    return VARIABLE.sub(rb"\g<1>" + (digest or pipeline_digest(compiled)).encode(), compiled)
