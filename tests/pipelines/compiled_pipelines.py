"""Pipelines compiled once a session for all tests that read them."""

import json
from functools import cache, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from rlvr_pipelines.compile import compile_pipeline
from rlvr_pipelines.methods import METHODS
from rlvr_pipelines.profiles import profile

LOCK = {
    name: f"registry.example/{name}@sha256:{'0' * 63}{number}"
    for number, name in enumerate(("rlvr-data", "rlvr-train", "rlvr-evaluate"))
}
STORE = "s3://bucket/store"


def write_compiled(method, sized):
    """The bytes of a pipeline, compiled now; `sized` is a profile's name or a profile."""
    with TemporaryDirectory() as name:
        lock, target = Path(name) / "images.lock", Path(name) / "pipeline.yaml"
        lock.write_text(json.dumps(LOCK))
        chosen = profile(sized, method) if isinstance(sized, str) else sized
        compile_pipeline(METHODS[method], chosen, target, store=STORE, lock=lock)
        return target.read_bytes()


@cache
def compiled(method, sized):
    """The bytes of a pipeline."""
    return write_compiled(method, sized)


@lru_cache(maxsize=4)  # parsed ones are large, and many of them would slow everything else down
def documents(method, sized):
    """The pipeline and, where it asks anything of a cluster, its platform specification; not to be changed."""
    return tuple(yaml.load_all(compiled(method, sized), Loader=yaml.CSafeLoader))


def executors(method, sized):
    """By executor: container and what Kubernetes is asked for."""
    spec, *platform = documents(method, sized)
    asked = platform[0]["platforms"]["kubernetes"]["deploymentSpec"]["executors"] if platform else {}
    found = spec["deploymentSpec"]["executors"]
    return {name: (executor["container"], asked.get(name, {})) for name, executor in found.items()}


def tasks(method, sized):
    """Every task of every graph, with the name of its executor, if it has one of its own."""
    spec = documents(method, sized)[0]
    graphs = [spec["root"]["dag"], *(part["dag"] for part in spec["components"].values() if "dag" in part)]
    for graph in graphs:
        for task in graph["tasks"].values():
            yield task, spec["components"][task["componentRef"]["name"]].get("executorLabel")
