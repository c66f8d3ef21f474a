import json
import re

import pytest
from compiled_pipelines import LOCK, compiled, documents, executors, tasks, write_compiled

from rlvr.errors import RlvrError
from rlvr_pipelines.compile import PINNED, compile_pipeline, images
from rlvr_pipelines.methods import METHODS
from rlvr_pipelines.profiles import NAMES, profile

PRINCIPAL = [name for name in METHODS if "/" not in name]
UPLOAD_BYTES = 32 * 2**20
"""What the API server accepts as an upload."""
OBJECT_BYTES = 1_500_000
"""What etcd accepts as one object: the Workflow holds every component and every task once more."""
ARGUMENT_BYTES = 128 * 1024
"""Longest argument of a process: a component, and a task with its inputs, are arguments of Kubeflow's driver."""


@pytest.mark.parametrize(
    ("method", "sized"), [(name, sized) for name in METHODS for sized in (NAMES if name in PRINCIPAL else ["cluster"])]
)
def test_images_are_pinned_and_sizes_within_kubeflow_s_limits(method, sized):
    text, spec = compiled(method, sized), documents(method, sized)[0]
    containers = [executor["container"] for executor in spec["deploymentSpec"]["executors"].values()]
    assert all(PINNED.fullmatch(container["image"]) for container in containers)
    assert not any("pip install" in " ".join(container["command"]) for container in containers)
    assert len(text) < 200_000 < UPLOAD_BYTES
    assert 3 * len(text) < OBJECT_BYTES
    pieces = [spec["root"], *spec["components"].values(), *spec["deploymentSpec"]["executors"].values()]
    pieces += [task for task, _ in tasks(method, sized)]
    assert max(len(json.dumps(piece, separators=(",", ":"))) for piece in pieces) < ARGUMENT_BYTES
    parameters = spec["root"]["inputDefinitions"]["parameters"]
    assert len(json.dumps({name: entry["defaultValue"] for name, entry in parameters.items()})) < 10_000


@pytest.mark.parametrize("sized", NAMES)
@pytest.mark.parametrize("method", PRINCIPAL)
def test_compiling_twice_gives_the_same_bytes_and_no_secret_of_this_machine(method, sized, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "very-secret-id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret-key")
    monkeypatch.setenv("RLVR_JUDGE_KEY", "very-secret-judge")
    again = write_compiled(method, sized)
    assert again == compiled(method, sized)
    text = again.decode()
    assert "very-secret" not in text and "PRIVATE KEY" not in text
    assert not re.search(r"AKIA[0-9A-Z]{16}|\bhf_[A-Za-z0-9]{20,}|\bsk-[A-Za-z0-9]{20,}|eyJ[\w-]{20,}\.", text)
    for container, _ in executors(method, sized).values():
        shown = {entry["name"]: entry["value"] for entry in container.get("env", [])}
        assert not [name for name in shown if re.search("KEY|SECRET|TOKEN|PASSWORD", name)]


def test_kfp_loads_what_was_compiled(tmp_path):
    from kfp import components

    loaded = components.load_component_from_text(compiled("r1_v", "node").decode())
    assert loaded.pipeline_spec.pipeline_info.name == "rlvr-r1-v"
    assert set(loaded.pipeline_spec.root.input_definitions.parameters) == {"store", "seed"}
    assert {"ingest", "ingest-2", "verify", "base", "grpo", "report"} <= set(loaded.pipeline_spec.root.dag.tasks)


def test_the_report_is_shown_by_kubeflow_s_viewers():
    spec = documents("r1_v", "cluster")[0]
    outputs = spec["components"]["comp-report"]["outputDefinitions"]["artifacts"]
    kinds = {name: output["artifactType"]["schemaTitle"] for name, output in outputs.items()}
    assert kinds == {
        "folder": "system.Artifact",
        "page": "system.HTML",
        "summary": "system.Markdown",
        "metrics": "system.Metrics",
    }


@pytest.mark.parametrize("method", PRINCIPAL)
def test_placeholders_stand_alone(method):
    """Kubeflow replaces a placeholder only where it is the whole constant."""

    def constants(node):
        if isinstance(node, dict):
            if "runtimeValue" in node and "constant" in node["runtimeValue"]:
                yield node["runtimeValue"]["constant"]
            for value in node.values():
                yield from constants(value)
        elif isinstance(node, list):
            for value in node:
                yield from constants(value)

    for sized in NAMES:
        found = [value for part in documents(method, sized) for value in constants(part) if isinstance(value, str)]
        assert found and not [
            value for value in found if "{{$" in value and not re.fullmatch(r"\{\{\$\.\S+\}\}", value)
        ]


def test_missing_digests_are_refused(tmp_path):
    with pytest.raises(RlvrError, match="no digest for rlvr-data, rlvr-train, rlvr-evaluate.*--allow-unpinned"):
        images(tmp_path / "images.lock")
    assert images(tmp_path / "images.lock", allow_unpinned=True)["rlvr-data"] == "rlvr-data:dev"
    (tmp_path / "images.lock").write_text('{"rlvr-data": "registry.example/data:latest"}')
    with pytest.raises(RlvrError, match="no digest for rlvr-data"):
        images(tmp_path / "images.lock")
    (tmp_path / "images.lock").write_text("{")
    with pytest.raises(RlvrError, match="is not JSON"):
        images(tmp_path / "images.lock")


def test_the_output_must_be_yaml_and_writable(tmp_path):
    lock = tmp_path / "images.lock"
    lock.write_text(json.dumps(LOCK))

    def attempt(target):
        compile_pipeline(METHODS["r1_v"], profile("laptop"), target, store="s3://bucket/store", lock=lock)

    with pytest.raises(RlvrError, match="read from .yaml files"):
        attempt(tmp_path / "pipeline.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(RlvrError, match="cannot be written"):
        attempt(tmp_path / "file" / "a.yaml")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "images.lock"]
