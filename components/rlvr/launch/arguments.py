"""Arguments of a stage on their way to the processes of a launch: JSON, with folders and checkpoints by name."""

from pathlib import Path
from typing import Any

from rlvr.checkpoints import Checkpoints
from rlvr.store import open_store


def plain(value: Any) -> Any:
    """`value` as JSON types."""
    if isinstance(value, Path):
        return {"$path": str(value)}
    if isinstance(value, Checkpoints):
        return {"$checkpoints": [value.store.url, value.key]}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def whole(value: Any) -> Any:
    """The inverse of `plain`."""
    if isinstance(value, list):
        return [whole(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"$path"}:
        return Path(value["$path"])
    if value.keys() == {"$checkpoints"}:
        url, key = value["$checkpoints"]
        return Checkpoints(open_store(url), key)
    return {key: whole(item) for key, item in value.items()}
