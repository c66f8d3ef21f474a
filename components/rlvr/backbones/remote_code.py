"""A checkpoint's own Python code: executed only where a backbone declares it, from the files of one pinned commit.

Architectures that transformers lacks bring their code along and name its classes under `auto_map` in their JSON files;
Kimi-VL-A3B does so. The base stage fetches such code together with the weights and leaves a marker with the commit and
the digest of every code file; without the marker, or with other files, nothing of a folder is executed.

Tried with a small checkpoint of the same form. Not tried: Kimi-VL-A3B itself, whose files could not be fetched here;
its code was written for transformers 4.48, and may ask for parts that transformers 5 no longer has.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlvr.errors import RlvrError

MARKER = "remote_code.json"
"""Written by `mark` alone; a file of this name in a source is never copied."""


def mark(folder: Path, revision: str) -> None:
    """Allow the code in `folder` to be executed, as it is now; `revision` is the commit it is of."""
    (folder / MARKER).write_text(json.dumps({"revision": revision, "files": _digests(folder)}, indent=1) + "\n")


def may_execute(folder: Path) -> bool:
    """Whether the checkpoint needs its own code and may have it executed; False for transformers' own architectures.

    Raises `RlvrError` when the code is needed and not allowed: no marker, files other than those marked, or classes
    that stand in another repository.
    """
    classes = {file.name: set(_classes(read_json(file))) for file in folder.glob("*config.json")}
    files = sorted(name for name, found in classes.items() if found)
    if not files:
        return False
    if not (folder / MARKER).is_file():
        raise RlvrError(
            f"{folder} asks for its own Python code to be executed (auto_map in {', '.join(files)}), which no backbone "
            f"has allowed. Set the backbone's remote_code to true with the 40-hex commit whose code you have read; "
            f"where transformers has the architecture itself, take auto_map out of a copy of the checkpoint."
        )
    if elsewhere := sorted(name for found in classes.values() for name in found if "--" in name):
        raise RlvrError(
            f"{folder} asks for code of other repositories ({', '.join(elsewhere)}), which has no pinned commit. Copy "
            f"that code into the checkpoint and name its classes without a repository."
        )
    if read_json(folder / MARKER).get("files") != _digests(folder):
        raise RlvrError(
            f"The Python files in {folder} are not those that {MARKER} was written for, so they are not executed. "
            f"Run the base stage again."
        )
    return True


def carry_code(base: Path, model: Path) -> None:
    """Give `model`, trained from `base`, the code of `base` and the leave to execute it; nothing without such code."""
    if may_execute(base):
        for file in [*base.glob("*.py"), base / MARKER]:
            shutil.copyfile(file, model / file.name)


def read_json(file: Path) -> Any:
    """The JSON value in a checkpoint's file."""
    try:
        return json.loads(file.read_text())
    except (ValueError, RecursionError) as error:
        raise RlvrError(f"{file} is not JSON ({error}). Fetch the checkpoint again.") from error


def _digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.glob("*.py"))}


def _classes(value: Any) -> Iterator[str]:
    """What every `auto_map` in a JSON value names."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "auto_map":
                yield from _strings(inner)
            else:
                yield from _classes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _classes(inner)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)
