"""`rlvr compile --target`: Kubernetes resources, Argo's, and what each refuses."""

import json

import pytest
import yaml
from compiled_pipelines import LOCK, STORE, compiled
from typer.testing import CliRunner

from rlvr.errors import RlvrError
from rlvr_pipelines.cli import app
from rlvr_pipelines.version import version_name


@pytest.fixture
def compile_to(tmp_path):
    lock = tmp_path / "images.lock"
    lock.write_text(json.dumps(LOCK))

    def run(*arguments):
        target = tmp_path / "out.yaml"
        words = ["compile", "r1_vlm", "-o", str(target), "--lock", str(lock), "--store", STORE, *arguments]
        result = CliRunner().invoke(app, words)
        if result.exception is not None:
            raise result.exception
        assert "out.yaml" in result.stdout.replace("\n", "") and "bytes" in result.stdout
        return target.read_bytes()

    return run


def test_kubernetes_resources_are_named_by_the_content(compile_to):
    text = compile_to("--target", "kubernetes", "--namespace", "team-a")
    assert text == compile_to("--target", "kubernetes", "--namespace", "team-a")
    pipeline, version = yaml.safe_load_all(text)
    assert (pipeline["kind"], version["kind"]) == ("Pipeline", "PipelineVersion")
    assert {entry["apiVersion"] for entry in (pipeline, version)} == {"pipelines.kubeflow.org/v2beta1"}
    assert {entry["metadata"]["namespace"] for entry in (pipeline, version)} == {"team-a"}
    name = version_name(compiled("r1_vlm", "cluster"))
    assert name.startswith("sha256-") and len(name) == 7 + 12
    assert name.replace("-", ":").encode() in text, "tasks know the version that they belong to"
    assert version["metadata"]["name"] == f"rlvr-r1-vlm-{name}" and version["spec"]["displayName"] == name
    assert version["spec"]["pipelineName"] == pipeline["metadata"]["name"] == "rlvr-r1-vlm"
    spec, platform = yaml.safe_load_all(compiled("r1_vlm", "cluster"))
    assert version["spec"]["pipelineSpec"] == spec and version["spec"]["platformSpec"] == platform
    other = list(yaml.safe_load_all(compile_to("--target", "kubernetes", "--set", "stages.grpo.steps=7")))[1]
    assert other["metadata"]["name"] != version["metadata"]["name"] and "namespace" not in other["metadata"]


def test_argo_s_resources(compile_to):
    template, cron = yaml.safe_load_all(compile_to("--target", "argo", "--cron", "@weekly", "--namespace", "rlvr"))
    assert (template["kind"], cron["kind"]) == ("WorkflowTemplate", "CronWorkflow")
    assert template["spec"]["serviceAccountName"] == "rlvr-workflow"


def test_the_default_is_what_kubeflow_uploads(compile_to):
    assert compile_to() == compiled("r1_vlm", "cluster")


def test_a_profile_of_one_s_own(compile_to, tmp_path):
    (tmp_path / "ours.toml").write_text(
        'extends = "node"\n[pods.train]\ngpu = 4\n[scale]\nprocesses = 4\n[run]\nservice_account = "ours"\n'
    )
    (template,) = yaml.safe_load_all(compile_to("--target", "argo", "--profile", str(tmp_path / "ours.toml")))
    assert template["spec"]["serviceAccountName"] == "ours"
    (grpo,) = [entry for entry in template["spec"]["templates"] if entry["name"] == "grpo"]
    assert grpo["container"]["resources"]["limits"]["nvidia.com/gpu"] == "4"


def test_what_cannot_fit_is_refused_with_the_arithmetic_and_a_way_out(compile_to, tmp_path):
    small = tmp_path / "small.toml"
    small.write_text(
        'extends = "node"\n[pods.train]\ngpu = 1\n[pods.train.node_selector]\n"nvidia.com/gpu.product" = "NVIDIA-L4"\n'
        "[scale]\nprocesses = 1\nzero_stage = 0\n"
    )
    with pytest.raises(RlvrError) as refused:
        compile_to("--profile", str(small))
    text = str(refused.value)
    assert "grpo needs" in text and "where l4-24 has 22: " in text and "optimiser moments" in text
    assert f'extends = "{small}"' in text and "--skip-fit" in text
    assert compile_to("--profile", str(small), "--skip-fit")
    with pytest.raises(RlvrError, match="where a100-40 has 39"):
        compile_to("--profile", str(small), "--gpu", "a100-40")
    compile_to("--profile", str(small), "--base", "smol")  # a stand-in needs no plan


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--cron", "@daily"), "--cron belongs to --target argo"),
        (("--namespace", "a"), "--namespace belongs to --target kubernetes and argo"),
        (("--target", "kubernetes", "--namespace", "Team A"), "'Team A' cannot be a namespace"),
    ],
)
def test_what_does_not_go_together_is_refused(compile_to, arguments, message):
    with pytest.raises(RlvrError, match=message):
        compile_to(*arguments)
