"""How people name an artifact: a digest, its beginning, or the folder of a finished run."""

import json
from pathlib import Path

from rlvr.errors import RlvrError
from rlvr.lineage.graph import Graph, label
from rlvr.store import Store

FEWEST_CHARACTERS = 6
"""Shortest beginning of a digest that is looked up."""


def artifact(text: str, store: Store, graph: Graph) -> str:
    """The digest that `text` names; for a run's folder that of its final model."""
    if record := _record(text):
        return _final_model(record)
    if len(text) < FEWEST_CHARACTERS or not set(text) <= set("0123456789abcdef"):
        raise RlvrError(
            f"{text[:80]!r} names no artifact: give a run's folder, a digest, or at least {FEWEST_CHARACTERS} "
            f"characters of its beginning."
        )
    if len(text) == 64 and (text in graph.makers or store.has(text)):
        return text
    there = {name.removeprefix("manifests/").removesuffix(".json") for name in store.keys(f"manifests/{text}")}
    found = sorted(there | {digest for digest in graph.makers if digest.startswith(text)})
    if not found:
        raise RlvrError(f"No artifact of {store.url} begins with {text}; `rlvr audit gaps` reads the whole store.")
    if len(found) > 1:
        named = ", ".join(f"{digest[:12]} ({_made_by(graph, digest)})" for digest in found[:5])
        raise RlvrError(f"{len(found)} artifacts begin with {text}: {named}. Give more of the digest.")
    return found[0]


def _record(text: str) -> Path | None:
    """What a run's folder says of its artifacts; None for a text that names no such folder, or cannot name any."""
    try:
        path = Path(text) / "artifacts.json"
        return path if path.is_file() else None
    except OSError:  # a name that is too long
        return None


def _final_model(record: Path) -> str:
    """The model that the last training stage of a run made."""
    try:
        made = json.loads(record.read_text(encoding="utf-8"))
        models = [outputs["model"] for outputs in made.values() if "model" in outputs]
        numbers = json.loads((record.parent / "metrics.json").read_text(encoding="utf-8"))
        tuned = str(numbers["digests"]["tuned"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RlvrError(f"{record.parent} is not the folder of a finished run ({type(error).__name__}).") from error
    if tuned not in models:
        raise RlvrError(
            f"{record.parent}: metrics.json names the model {tuned[:12]}, which {record.name} does not list."
        )
    return tuned


def _made_by(graph: Graph, digest: str) -> str:
    makers = graph.makers.get(digest)
    return label(makers[0]) if makers else "no statement"
