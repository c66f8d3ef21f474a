"""Symbolic links in folders that strangers made: none is followed out of the folder.

A link in a data set or checkpoint could name the reader's own keys; what is read is published with the artifact. The
Hub client's cache is made of links into the folder `blobs` beside its snapshots, and these are followed.
"""

import os
from pathlib import Path

from rlvr.errors import RlvrError


def refuse_link_out(path: Path, folder: Path) -> None:
    """`RlvrError` when `path`, which lies in `folder`, really lies elsewhere, or is no regular file."""
    target = os.path.realpath(path)
    if not any(_inside(target, os.path.realpath(root)) for root in _roots(folder)):
        raise RlvrError(
            f"{path} is a symbolic link out of the folder {folder}, and such links are not followed: they may name "
            f"any file of this machine. Copy the file there, or give the folder in which it lies."
        )
    if os.path.exists(target) and not os.path.isfile(target):
        raise RlvrError(f"{path} is not a regular file; remove it or replace it with one.")


def _roots(folder: Path) -> list[Path]:
    whole = Path(os.path.realpath(folder))
    return [folder, whole.parent.parent / "blobs"] if whole.parent.name == "snapshots" else [folder]


def _inside(path: str, root: str) -> bool:
    return path.startswith(root.rstrip(os.sep) + os.sep)
