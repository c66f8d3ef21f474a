"""Lineage: from a report's inputs back to the data, by the records that the store keeps of every stage.

A record says which stage with which parameters and inputs made which outputs; all of them are named by the digest of
their content. Walking from a digest to the record that made it, and on to that record's inputs, ends at stages without
inputs (they read a published source) and at digests that no record explains, which are shown as such.

    walk(records, {"evaluations": ["86b5..."], "verdict": "79fa..."}, code="8fbd...")
      ->  [{"argument": "evaluations", "digest": "86b5...", "made_by": "evaluate tuned", "inputs": [...], ...}, ...]
"""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from rlvr.errors import RlvrError
from rlvr.store import Store

READERS = 16
"""Records that are fetched at a time; a bucket answers each in tens of milliseconds."""

Given = Mapping[str, str | list[str]]
"""Argument of a stage -> digest of its input, or digests."""


def read_records(store: Store) -> dict[str, dict[str, Any]]:
    """Key -> record of every stage that the store remembers."""
    names = store.keys("records/")
    with ThreadPoolExecutor(READERS) as pool:
        texts = list(pool.map(store.read, names))
    records = {}
    for name, text in zip(names, texts, strict=True):
        if text is None:  # removed meanwhile
            continue
        try:
            record = json.loads(text)
            if not {"stage", "parameters", "inputs", "code", "outputs"} <= set(record):
                raise ValueError("it lacks one of stage, parameters, inputs, code, outputs")
        except (ValueError, TypeError, RecursionError) as error:
            raise RlvrError(
                f"{store.url}: {name} is not the record of a stage ({error}). Remove it and run the pipeline again; "
                "finished stages are not repeated."
            ) from error
        records[name.removeprefix("records/").removesuffix(".json")] = record
    return records


def walk(records: Mapping[str, dict[str, Any]], given: Given, code: str) -> list[dict[str, Any]]:
    """A node for every input, each with the nodes of what it was made from.

    Where several records made the same content, the one of the running `code` is shown, else the first by key. A
    digest that came up before is not unfolded again (`repeated`); `made_by` is None where no record explains it.
    """
    makers: dict[str, tuple[bool, str, str]] = {}
    for key, record in records.items():
        for output, made in record["outputs"].items():
            rank = (record["code"] != code, key, output)
            makers[made] = min(makers.get(made, rank), rank)
    seen: set[str] = set()
    return [_node(records, makers, seen, argument, made) for argument, made in _inputs(given)]


def _inputs(given: Given) -> list[tuple[str, str]]:
    return [
        (argument, made)
        for argument, digests in given.items()
        for made in (digests if isinstance(digests, list) else [digests])
    ]


def _node(
    records: Mapping[str, dict[str, Any]],
    makers: Mapping[str, tuple[bool, str, str]],
    seen: set[str],
    argument: str,
    made: str,
) -> dict[str, Any]:
    node: dict[str, Any] = {
        "argument": argument, "digest": made, "made_by": None, "output": None, "record": None, "code": None,
        "seed": None, "repeated": made in seen, "sources": [], "inputs": [],
    }  # fmt: skip
    if made not in makers:
        return node
    _, key, output = makers[made]
    record = records[key]
    node |= {"made_by": label(record), "output": output, "record": key, "code": record["code"]}
    node["seed"] = record["parameters"].get("seed")
    if made in seen:
        return node
    seen.add(made)
    node["sources"] = [_source(entry["source"]) for entry in record["parameters"].get("sources") or []]
    node["inputs"] = [_node(records, makers, seen, *pair) for pair in _inputs(record["inputs"])]
    return node


def label(record: Mapping[str, Any]) -> str:
    """What a stage is called: `verify`, `evaluate tuned on superclevr_200`, `train (grpo)`."""
    parameters = record["parameters"]
    name = str(record["stage"]).rpartition(":")[2]
    if name == "prepare":
        return "prepare base model"
    if "benchmark" in parameters:
        return f"{name} {parameters.get('role', '')} on {parameters['benchmark']['name']}"
    if "stage" in parameters:
        return f"{name} ({parameters['stage']['name']})"
    return name


def _source(source: Mapping[str, Any]) -> dict[str, Any]:
    return {key: source.get(key) for key in ("name", "location", "hub_id", "revision", "licence")}
