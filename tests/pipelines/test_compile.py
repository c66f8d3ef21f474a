import pytest
import yaml

from rlvr.errors import RlvrError
from rlvr_pipelines.compile import PINNED, compile_pipeline, images
from rlvr_pipelines.methods import METHODS
from rlvr_pipelines.profiles import NAMES, profile

LOCK = {
    name: f"registry.example/{name}@sha256:{'0' * 63}{number}"
    for number, name in enumerate(("rlvr-data", "rlvr-train", "rlvr-evaluate"))
}


@pytest.fixture
def lock(tmp_path):
    import json

    path = tmp_path / "images.lock"
    path.write_text(json.dumps(LOCK))
    return path


def compiled(method, sized, lock, target):
    compile_pipeline(METHODS[method], profile(sized), target, store="s3://bucket/store", lock=lock)
    return target.read_bytes()


@pytest.mark.parametrize("sized", NAMES)
@pytest.mark.parametrize("method", METHODS)
def test_compiling_twice_gives_the_same_bytes_with_pinned_images_only(method, sized, lock, tmp_path):
    first = compiled(method, sized, lock, tmp_path / "a.yaml")
    assert first == compiled(method, sized, lock, tmp_path / "b.yaml")
    spec = next(yaml.safe_load_all(first))
    executors = spec["deploymentSpec"]["executors"].values()
    assert all(PINNED.fullmatch(executor["container"]["image"]) for executor in executors)
    assert not any("pip install" in " ".join(executor["container"]["command"]) for executor in executors)
    assert len(first) < 200_000


def test_kfp_loads_what_was_compiled(lock, tmp_path):
    from kfp import components

    compiled("r1_v", "cluster", lock, tmp_path / "r1_v.yaml")
    loaded = components.load_component_from_file(str(tmp_path / "r1_v.yaml"))
    assert loaded.pipeline_spec.pipeline_info.name == "rlvr-r1-v"
    assert set(loaded.pipeline_spec.root.input_definitions.parameters) == {"store", "seed"}
    assert {"ingest", "ingest-2", "verify", "base", "grpo", "report"} <= set(loaded.pipeline_spec.root.dag.tasks)


def test_the_cluster_profile_asks_for_gpus_where_models_run(lock, tmp_path):
    spec = next(yaml.safe_load_all(compiled("r1_v", "cluster", lock, tmp_path / "r1_v.yaml")))
    by_image = {}
    for executor in spec["deploymentSpec"]["executors"].values():
        container = executor["container"]
        by_image.setdefault(container["image"], []).append(container["resources"].get("accelerator"))
    assert by_image[LOCK["rlvr-data"]] == [None] * 4
    assert {entry["resourceCount"] for entry in by_image[LOCK["rlvr-train"]]} == {"8"}
    assert {entry["resourceCount"] for entry in by_image[LOCK["rlvr-evaluate"]]} == {"1"}


def test_the_report_is_shown_by_kubeflow_s_viewers(lock, tmp_path):
    spec = next(yaml.safe_load_all(compiled("r1_v", "cluster", lock, tmp_path / "r1_v.yaml")))
    outputs = spec["components"]["comp-report"]["outputDefinitions"]["artifacts"]
    kinds = {name: output["artifactType"]["schemaTitle"] for name, output in outputs.items()}
    assert kinds == {
        "folder": "system.Artifact",
        "page": "system.HTML",
        "summary": "system.Markdown",
        "metrics": "system.Metrics",
    }


def test_placeholders_stand_alone(lock, tmp_path):
    """Kubeflow replaces a placeholder only where it is the whole constant."""
    text = compiled("r1_vlm", "cluster", lock, tmp_path / "a.yaml").decode()
    spec = next(yaml.safe_load_all(text))

    def constants(node):
        if isinstance(node, dict):
            if "runtimeValue" in node and "constant" in node["runtimeValue"]:
                yield node["runtimeValue"]["constant"]
            for value in node.values():
                yield from constants(value)

    assert not [value for value in constants(spec) if isinstance(value, str) and "{{$." in value]


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


def test_the_output_must_be_yaml_and_writable(lock, tmp_path):
    with pytest.raises(RlvrError, match="from .yaml files"):
        compiled("r1_v", "laptop", lock, tmp_path / "pipeline.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(RlvrError, match="cannot be written"):
        compiled("r1_v", "laptop", lock, tmp_path / "file" / "a.yaml")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "images.lock"]
