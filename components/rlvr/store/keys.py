"""Where things lie in a store, and which names are allowed.

artifacts/<digest>/<path>     the files of an artifact
manifests/<digest>.json       what the artifact holds; written last, so an artifact without it does not exist
<key>                         small documents, e.g. `records/0d3f.json` or `checkpoints/grpo/latest.json`
"""

import re
import unicodedata

from rlvr.errors import RlvrError

ARTIFACTS = "artifacts"
MANIFESTS = "manifests"
STAGING = ".staging"
RESERVED = (ARTIFACTS, MANIFESTS, STAGING)


class DocumentExistsError(RlvrError, FileExistsError):
    """The key of a document is taken by another text."""


def artifact_key(digest: str) -> str:
    """Folder (or key prefix without the slash) of an artifact's files."""
    return f"{ARTIFACTS}/{checked_digest(digest)}"


def manifest_key(digest: str) -> str:
    """Key of an artifact's manifest."""
    return f"{MANIFESTS}/{checked_digest(digest)}.json"


def checked_digest(digest: str) -> str:
    """`digest` itself; `RlvrError` unless it is 64 lower-case hexadecimal digits."""
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise RlvrError(
            f"{digest!r} is not an artifact digest: expected 64 hexadecimal digits (SHA-256 of the manifest)."
        )
    return digest


def checked_key(key: str) -> str:
    """`key` itself; `RlvrError` unless it may name a document."""
    checked_path(key, "document key")
    if key.split("/")[0] in RESERVED:
        raise RlvrError(
            f"The document key {key!r} lies in a folder that the store keeps for artifacts; "
            f"choose one outside {', '.join(name + '/' for name in RESERVED)}."
        )
    return key


def checked_path(path: str, what: str) -> str:
    """`path` itself; `RlvrError` unless it is relative, without `..`, and printable in any store."""
    if any(part in ("", ".", "..") for part in path.split("/")):
        raise RlvrError(
            f"The {what} {path!r} is not allowed: expected a relative path such as 'a/b.json', without '..'."
        )
    # Control characters break the XML listings of S3; lone surrogates are file names that are not UTF-8.
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in path):
        raise RlvrError(f"The {what} {path!r} holds control or undecodable characters; rename it with printable ones.")
    return path
