"""Writes the digests of images/images.lock into the manifests: python manifests/pin_images.py [LOCK]

Only the images that the manifests start are taken; compiled pipelines name theirs themselves.
"""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCK = HERE.parent / "images" / "images.lock"
PART = HERE / "parts" / "images" / "kustomization.yaml"
ENTRY = re.compile(r"(?m)^- name: (\S+)\n  newName: \S+\n  digest: \S+$")
PINNED = re.compile(r"(?P<repository>[^\s@]+)@(?P<digest>sha256:[0-9a-f]{64})")


def pinned(text: str, locked: dict[str, str]) -> str:
    """`text` of a kustomization with repository and digest of each of its images as they stand in the lock."""

    def entry(found: re.Match[str]) -> str:
        name = found[1]
        reference = PINNED.fullmatch(str(locked.get(name, "")))
        if reference is None:
            raise SystemExit(
                f"The lock has no digest for {name}: expected repository@sha256:... Build and push the images "
                f"(make images REGISTRY=...), then run this again."
            )
        return f"- name: {name}\n  newName: {reference['repository']}\n  digest: {reference['digest']}"

    return ENTRY.sub(entry, text)


def main(arguments: Sequence[str]) -> None:
    """Rewrite the part's file."""
    lock = Path(arguments[0]) if arguments else LOCK
    try:
        locked = json.loads(lock.read_text(encoding="utf-8"))
    except OSError as error:
        raise SystemExit(f"{lock} cannot be read: {error.strerror}. Build and push the images first.") from error
    except ValueError as error:
        raise SystemExit(f"{lock} is not JSON ({error}); build the images again to rewrite it.") from error
    text = pinned(PART.read_text(encoding="utf-8"), locked)
    PART.write_text(text, encoding="utf-8")
    print(f"{PART}: {', '.join(ENTRY.findall(text))} pinned")


if __name__ == "__main__":
    main(sys.argv[1:])
