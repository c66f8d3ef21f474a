"""The Argo target: what it emits is Argo's, says what the Kubeflow pipeline says, and runs."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from argo_interpreter import Interpreter, filled
from compiled_pipelines import LOCK, compiled, executors, tasks, write_compiled

from rlvr.canonical import dumps
from rlvr.errors import RlvrError
from rlvr_pipelines.argo.emit import argo_yaml
from rlvr_pipelines.argo.graph import read
from rlvr_pipelines.argo.models import models
from rlvr_pipelines.argo.workflow import _quoted
from rlvr_pipelines.compile import pipeline_yaml
from rlvr_pipelines.methods import METHODS
from rlvr_pipelines.profiles import profile

PRINCIPAL = [name for name in METHODS if "/" not in name]
SMALL = {
    "backbone.tiny.hidden_size": 64,
    "backbone.tiny.layers": 2,
    "backbone.tiny.vision_size": 32,
    "backbone.tiny.warmup_steps": 2,
    "backbone.tiny.warmup_rows": 16,
    "tasks.*.source.limit": 24,
    "benchmarks.*.source.limit": 8,
    "benchmarks.*.sampling.max_new_tokens": 8,
    "stages.grpo.prompts_per_step": 2,
    "stages.grpo.group_size": 2,
    "stages.grpo.steps": 1,
    "stages.grpo.sampling.max_new_tokens": 8,
}


def resources(method, sized, **options):
    chosen = profile(sized, method) if isinstance(sized, str) else sized
    text = compiled(method, sized) if isinstance(sized, str) else write_compiled(method, sized)
    return list(yaml.load_all(argo_yaml(text, chosen, **options), Loader=yaml.CSafeLoader))


def leaves(resource):
    return {entry["name"]: entry for entry in resource["spec"]["templates"] if "container" in entry}


@pytest.mark.parametrize("method", PRINCIPAL)
def test_a_workflow_has_the_stages_images_and_settings_of_the_pipeline(method):
    template, cron = resources(method, "cluster", namespace="rlvr", cron="0 3 * * 1", timezone="Europe/Berlin")
    for resource in (template, cron):
        model = getattr(models(), resource["kind"]).model_validate(resource)
        assert model.model_dump(by_alias=True, exclude_none=True, mode="json") == resource
        assert resource["metadata"]["namespace"] == "rlvr"
    assert cron["spec"]["workflowSpec"]["workflowTemplateRef"]["name"] == template["metadata"]["name"]
    assert (cron["spec"]["schedules"], cron["spec"]["timezone"]) == (["0 3 * * 1"], "Europe/Berlin")
    assert template["spec"]["onExit"] == "cleanup"
    found = executors(method, "cluster")
    pods = leaves(template)
    assert len(pods) == len(found)
    for task, executor in tasks(method, "cluster"):
        if executor is None:
            continue
        container, asked = found[executor]
        pod = pods[task["componentRef"]["name"].removeprefix("comp-")]
        made = pod["container"]
        assert made["image"] == container["image"] and "@sha256:" in made["image"]
        resourced = container["resources"]
        limits = {"cpu": resourced["resourceCpuLimit"], "memory": resourced["resourceMemoryLimit"]}
        if gpus := resourced.get("accelerator"):
            limits[gpus["resourceType"]] = gpus["resourceCount"]
            assert pod["tolerations"] == asked["tolerations"]
            volume = {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "16Gi"}}
            assert volume in pod["volumes"] and {"name": "shm", "mountPath": "/dev/shm"} in made["volumeMounts"]
        key = {"name": "secret-rlvr-signing-key", "secret": {"secretName": "rlvr-signing-key", "optional": True}}
        assert key in pod["volumes"]
        assert made["resources"] == {"limits": limits, "requests": limits}
        assert pod["retryStrategy"]["limit"] == task["retryPolicy"]["maxRetryCount"]
        assert pod["retryStrategy"]["expression"] == "asInt(lastRetry.exitCode) != 65"
        assert pod["metadata"] == asked["podMetadata"]
        assert pod.get("activeDeadlineSeconds") == (int(asked.get("activeDeadlineSeconds", 0)) or None)
        assert made["securityContext"]["runAsNonRoot"] and made["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        secrets = {entry["name"]: entry["valueFrom"]["secretKeyRef"] for entry in made["env"] if "KEY" in entry["name"]}
        assert secrets["AWS_SECRET_ACCESS_KEY"] == {"name": "rlvr-object-store", "key": "AWS_SECRET_ACCESS_KEY"}
        assert all(len(word) < 128 * 1024 for word in made["args"])
        assert len(json.dumps(pod)) < 200_000
    assert len(json.dumps(template)) < 1_000_000


def test_the_same_arguments_give_the_same_bytes():
    text, sized = compiled("curr_reft", "node"), profile("node")
    assert argo_yaml(text, sized, cron="@daily") == argo_yaml(text, sized, cron="@daily")
    assert b"onExit" not in argo_yaml(text, sized)


def test_commands_and_artifacts_fit_together(tmp_path, monkeypatch):
    """The emitted workflow runs from pictures to report, with two benchmarks in its loop."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))  # where the first process finds what it loads
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    method = METHODS["r1_vlm"]
    sized = replace(profile("laptop"), changed=SMALL, max_benchmarks=None)
    twice = replace(method, benchmarks=(method.benchmarks[0], replace(method.benchmarks[0], name="digits_again")))
    (tmp_path / "lock").write_text(json.dumps(LOCK))
    text = pipeline_yaml(twice, sized, store="s3://bucket/store", lock=tmp_path / "lock")
    (template,) = yaml.safe_load_all(argo_yaml(text, sized))
    run = Interpreter(template, tmp_path, {"store": str(tmp_path / "store"), "seed": "3"})
    run.run()
    assert len(run.started) == 10  # ingest twice, verify, base, grpo, two models on two benchmarks, report
    bucket = tmp_path / "bucket/rlvr/uid-1"
    assert {path.name for path in (bucket / "report").iterdir()} == {"folder", "page", "summary", "metrics"}
    page = (bucket / "report/page").read_text()
    assert "<html" in page and "No training stage" not in page
    numbers = json.loads((bucket / "report/metrics").read_text())
    assert (numbers["method"], numbers["seed"]) == ("r1_vlm", 3)
    assert {entry["name"]: entry["n"] for entry in numbers["benchmarks"]} == {"held_out_digits": 8, "digits_again": 8}


def test_braces_of_a_text_are_no_tags_of_argo():
    method = METHODS["r1_vlm"]
    task = method.tasks[0]
    prompt = replace(task.prompt, system="Write \\boxed{{7}} or {{workflow.name}}, {{")
    odd = replace(method, tasks=(replace(task, prompt=prompt),))
    text = dumps(odd.tasks)
    safe = _quoted(text)
    assert "{{" not in safe and json.loads(safe) == json.loads(text)
    assert json.loads(filled(safe, {})) == json.loads(text)


def test_what_the_target_does_not_know_is_refused():
    pipeline, platform = yaml.load_all(compiled("r1_vlm", "cluster"), Loader=yaml.CSafeLoader)
    graph = pipeline["components"]["comp-exit-handler-1"]["dag"]["tasks"]
    graph["report"]["triggerPolicy"] = {"condition": "inputs.parameter_values['seed'] == 1"}
    with pytest.raises(RlvrError, match="Task report depends on a condition"):
        read(pipeline, platform)
    with pytest.raises(RlvrError, match="'soon' is no cron expression"):
        argo_yaml(compiled("r1_vlm", "node"), profile("node"), cron="soon")
    platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-base"]["nodeAffinity"] = []
    del graph["report"]["triggerPolicy"]
    with pytest.raises(RlvrError, match="Task base asks for nodeAffinity"):
        argo_yaml(yaml.safe_dump_all([pipeline, platform]).encode(), profile("cluster"))
