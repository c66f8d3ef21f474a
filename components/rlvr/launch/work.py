"""What a stage has to do, as a document in the store: a TrainJob's pods find their work by its key."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rlvr.canonical import digest, dumps, load
from rlvr.errors import RlvrError
from rlvr.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """One execution of a stage; equal work has the same key, whoever does it and wherever."""

    stage: str
    """The stage's function as `module:name`."""
    parameters: Mapping[str, Any]
    """Its parameters as JSON; of the scale without the TrainJob, which changes nothing."""
    inputs: Mapping[str, Any]
    """Store digest of each input by argument; a list where the argument takes several."""
    code: str
    """Digest of the code that does it."""
    label: str
    """Name of the stage for people; not part of the key."""
    outputs: tuple[str, ...]
    """Arguments that name output folders; not part of the key."""

    @property
    def identity(self) -> dict[str, Any]:
        """What the key is the digest of."""
        return {
            "stage": self.stage,
            "parameters": self.parameters,
            "inputs": self.inputs,
            "code": self.code,
        }

    @property
    def key(self) -> str:
        """Digest of the identity: names the record of the result."""
        return digest(self.identity)

    @property
    def checkpoint_key(self) -> str:
        """Names the checkpoints: the digest of the identity without what the stage does about faults.

        So a stage that ended at one goes on from its newest checkpoint when it is told to leave such faults out.
        """
        return digest({**self.identity, "parameters": _without_faults(self.parameters)})


def without_job(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of a stage whose scale names no TrainJob: where it runs is not part of what it does."""
    scale = parameters.get("scale")
    if not isinstance(scale, dict) or "job" not in scale:
        return dict(parameters)
    return {**parameters, "scale": {key: value for key, value in scale.items() if key != "job"}}


def _without_faults(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {key: _without_faults(item) for key, item in value.items() if key != "faults"}


def write_work(keep: Store, work: Work) -> None:
    """Put the document where `read_work` finds it."""
    keep.write(_document(work.key), dumps(work), overwrite=True)


def read_work(keep: Store, key: str) -> Work:
    """The work of that key; `RlvrError` when the document is absent or was changed."""
    text = keep.read(_document(key))
    if text is None:
        raise RlvrError(
            f"The store {keep.url} has no {_document(key)}, so there is nothing to do. Check that the TrainJob and the "
            f"pipeline use the same store, and run the stage again."
        )
    work = load(Work, _parsed(text, key))
    if work.key != key:
        raise RlvrError(f"{_document(key)} of the store {keep.url} was changed: its key is {work.key}. Run it again.")
    return work


def _parsed(text: str, key: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RlvrError(f"{_document(key)} in the store is not JSON ({error}). Run the stage again.") from error


def _document(key: str) -> str:
    return f"launches/{key}.json"
