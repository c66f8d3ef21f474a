"""Folders that `rlvr run` leaves: reading their numbers, and drawing a run's report again from its store."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rlvr.errors import RlvrError
from rlvr.report.comparison import Run
from rlvr.store import Store, open_store

NEEDED = ("method", "profile", "seed", "benchmarks")
"""Keys of metrics.json without which it is none."""
EXPECTED = "Give a folder that `rlvr run` made, e.g. .rlvr/runs/r1_v-laptop-seed0."
"""What to do about a folder that is no run."""
REPORT = "rlvr.report.page:build"
"""The stage that makes reports, as records name it."""
MEASURED = ("name", "n", "base", "tuned", "difference")
"""Keys of each of its benchmarks."""


def read_runs(folders: Sequence[Path]) -> list[Run]:
    """The runs of the folders, named by their folders; by the whole path where two have the same name."""
    names = [folder.resolve().name for folder in folders]
    return [
        Run(label=name if names.count(name) == 1 else str(folder), numbers=read_numbers(folder))
        for name, folder in zip(names, folders, strict=True)
    ]


def read_numbers(folder: Path) -> dict[str, Any]:
    """A run's metrics.json, looked through."""
    path = folder / "metrics.json"
    if not folder.is_dir():
        raise RlvrError(
            f"There is no folder {folder}. Give a folder that `rlvr run` made, e.g. .rlvr/runs/r1_v-laptop-seed0."
        )
    if not path.is_file():
        if (folder / "progress.jsonl").is_file():
            raise RlvrError(
                f"The run in {folder} has not finished: it has no metrics.json yet. Start it again to go on."
            )
        raise RlvrError(
            f"{folder} is no run: it holds no metrics.json. Give a folder that `rlvr run` made, e.g. "
            ".rlvr/runs/r1_v-laptop-seed0."
        )
    try:
        numbers = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise RlvrError(f"{path} cannot be read as JSON ({error}); start the run again to write it anew.") from error
    if not isinstance(numbers, dict) or (missing := [key for key in NEEDED if key not in numbers]):
        lacking = "an object" if not isinstance(numbers, dict) else ", ".join(missing)
        raise RlvrError(f"{path} is not the metrics of a run: it lacks {lacking}.")
    for index, entry in enumerate(numbers["benchmarks"]):
        if missing := [key for key in MEASURED if key not in entry]:
            raise RlvrError(f"{path}: benchmarks[{index}] lacks {', '.join(missing)}.")
    if not numbers["benchmarks"]:
        raise RlvrError(f"{path} names no benchmark, so there is nothing to report.")
    return numbers


def rebuild(folder: Path, target: Path | None, store: str = "") -> dict[str, Any]:
    """Draw a run's report again from the store into the file `target` (if any); returns its numbers.

    The store is `store`, or else the one beside the run's home, or the one that the run names.
    """
    from rlvr.report.lineage import read_records, walk
    from rlvr.report.page import build

    read_numbers(folder)  # a folder that is no run is told as such
    made = _report_digest(folder)
    keep = _find_store(folder, made, store)
    records = read_records(keep)
    found = [
        record
        for record in records.values()
        if record["outputs"].get("out") == made and "lineage" in record["parameters"]
    ]
    found = found or [record for record in records.values() if record["outputs"].get("out") == made]
    if not found:
        raise RlvrError(f"{keep.url} has no record of the report {made}; give the run's own store with --store.")
    record = found[0]
    inputs: dict[str, Any] = {
        argument: [keep.get(digest) for digest in given] if isinstance(given, list) else keep.get(given)
        for argument, given in record["inputs"].items()
    }
    parameters = {"lineage": walk(records, record["inputs"], record["code"]), **record["parameters"]}
    with tempfile.TemporaryDirectory(prefix="rlvr-") as name:
        numbers = build(**parameters, **inputs, out=Path(name))
        if target is not None:
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(Path(name) / "report.html", target)
            except OSError as error:
                raise RlvrError(
                    f"{target} cannot be written: {error.strerror}. Choose another place with -o."
                ) from error
    return numbers


def _report_digest(folder: Path) -> str:
    path = folder / "artifacts.json"
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["report"]["out"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise RlvrError(
            f"{path} does not name the run's report ({type(error).__name__}), so it cannot be drawn again; start the "
            "run again, which does no stage twice."
        ) from error


def _find_store(folder: Path, made: str, store: str) -> Store:
    """The first store that holds the artifact `made`."""
    places = [store] if store else [str(folder.resolve().parent.parent / "store"), *_named(folder)]
    for place in places:
        if (keep := open_store(place)).has(made):
            return keep
    raise RlvrError(
        f"The report {made} of {folder} is in none of these stores: {', '.join(places)}. Give the run's store with "
        "--store."
    )


def _named(folder: Path) -> list[str]:
    """Store of the newest manifest that the pipeline's report stage left in the run's folder."""
    for path in sorted(folder.glob("pipeline/*/report/folder"), reverse=True):
        try:
            return [str(json.loads(path.read_text(encoding="utf-8"))["store"])]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
    return []
