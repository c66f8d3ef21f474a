"""`rlvr plan`: every method has a plan, what cannot fit is refused with a way out, and the way out does fit."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from rlvr.errors import RlvrError
from rlvr.training import Merge
from rlvr_pipelines.cli import app
from rlvr_pipelines.methods import METHODS, method
from rlvr_pipelines.plan_setting import check_fits, selected, setting_of, with_scale
from rlvr_pipelines.plan_view import duration
from rlvr_pipelines.profiles import profile

DOES_NOT_FIT = {"kimi_vl_thinking/dpo", "mm_eureka/internvl_pretrain", "vl_rethinker/72b"}
"""Variants that the profiles have no room for on 80 GB GPUs."""


def plan(*arguments, width=160):
    return CliRunner(env={"COLUMNS": str(width), "TERM": "dumb"}).invoke(app, ["plan", *arguments])


def planned(name, *arguments):
    result = plan(name, "--json", *arguments)
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.parametrize("sized", ["node", "cluster"])
def test_every_method_and_variant_has_a_plan(sized):
    from rlvr.plan.method_plan import plan_method

    for name in METHODS:
        chosen = profile(sized, name)
        run = chosen.scaled(method(name))
        plans = plan_method(run, setting_of(chosen))
        assert [each.stage for each in plans[:-1]] == [stage.name for stage in run.stages]
        assert plans[-1].kind == "evaluate" and plans[-1].stage in {item.name for item in run.benchmarks}
        for each, stage in zip(plans, run.stages, strict=False):
            assert isinstance(stage, Merge) or (each.peak.bytes > 2 * each.parameters / 16 and each.seconds.total > 0)
            assert each.host_bytes > 0 and each.disk_items and each.facts
        assert all(each.fits for each in plans) != (name in DOES_NOT_FIT), name


def test_a_plan_that_fits_is_readable_and_ends_well():
    result = plan("r1_v")
    assert result.exit_code == 0 and "Everything fits." in result.stdout
    for words in (
        "2.21 billion parameters", "DeepSpeed ZeRO-3", "GPU memory of the", "optimiser moments", "host memory", "disk",
        "(estimate)", "11% of the GPU's peak", "█",
    ):  # fmt: skip
        assert words in result.stdout, words


def test_a_refusal_prints_the_arithmetic_and_writes_a_profile_that_fits(tmp_path):
    mine = tmp_path / "mine.toml"
    result = plan("vl_rethinker", "--gpu", "l4-24", "--write", str(mine))
    assert result.exit_code == 1
    assert "This does not fit:" in result.stdout and "GiB in its rollout, where l4-24 has 22" in result.stdout
    assert "Nearest that fits:" in result.stdout and 'extends = "cluster"' in result.stdout
    assert mine.read_text() in result.stdout
    assert plan("vl_rethinker", "--gpu", "l4-24", "--profile", str(mine)).exit_code == 0


@pytest.mark.parametrize(
    ("name", "base", "gpu"),
    [
        ("kimi_vl_thinking", "cluster", "a100-40"),
        ("kimi_vl_thinking/dpo", "cluster", "h100-80"),  # shorter completions
        ("vl_rethinker/72b", "cluster", "h100-80"),  # larger GPUs
        ("mmr1/7b", "node", "a100-40"),  # fewer at a time, offloading
        ("mmr1/7b", "node", "l4-24"),  # ZeRO-3, adapters
        ("vl_rethinker", "node", "l4-24"),
        ("r1_vlm", "node", "l4-24"),
    ],
)
def test_proposed_profiles_fit_when_they_are_applied(name, base, gpu, tmp_path):
    code, told = planned(name, "--profile", base, "--gpu", gpu)
    assert code == 1 and not told["fits"]
    proposals = [(key, told[key]) for key in ("nearest", "larger_gpu") if told[key]]
    assert proposals
    for key, proposal in proposals:
        if "[" in proposal["profile"] or "evaluation_batch" in proposal["profile"]:
            (tmp_path / f"{key}.toml").write_text(proposal["profile"])
            base = str(tmp_path / f"{key}.toml")
        assert planned(name, "--profile", base, "--gpu", proposal["gpu"])[0] == 0


def test_changes_of_the_method_can_be_given_as_options():
    result = plan("mmr1/7b", "--profile", "node", "--gpu", "l4-24")
    assert "no longer the published method" in result.stdout
    assert """--set 'stages.*.lora={"rank": 64, "alpha": 128.0}'""" in " ".join(result.stdout.split())
    _, whole = planned("mmr1/7b", "--profile", "node")
    _, adapted = planned("mmr1/7b", "--profile", "node", "--set", 'stages.*.lora={"rank": 64, "alpha": 128.0}')
    assert adapted["stages"][0]["trained"] < whole["stages"][0]["trained"] / 40
    assert adapted["stages"][1]["peak_bytes"] < whole["stages"][1]["peak_bytes"]


def test_settings_and_sizes_of_the_data_are_taken_into_account():
    options = (
        ("--set", "scale.micro_batch_tokens=120000"),
        ("--set", "scale.micro_batch_tokens=80000", "--set", "stages.grpo.sampling.max_new_tokens=8192"),
        ("--pictures", "6", "--set", "stages.grpo.max_prompt_tokens=8192"),
        ("--text", "700"),
    )
    plain, *others = (planned("mmr1", "--profile", "node", *given)[1]["stages"][1] for given in ((), *options))
    for other in others:
        assert other["peak_bytes"] > plain["peak_bytes"] and other["trained"] == plain["trained"]


def test_the_gpu_is_the_one_that_the_profile_selects(tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text(
        'extends = "cluster"\n[pods.train.node_selector]\n"nvidia.com/gpu.product" = "NVIDIA-A100-SXM4-40GB"\n'
    )
    assert setting_of(profile(str(mine))).train.gpu.name == "a100-40"
    assert setting_of(profile(str(mine)), "h200-141").train.gpu.name == "h200-141"
    assert setting_of(profile("cluster")).train.gpu.name == "h100-80"
    assert selected({"cloud.google.com/gke-accelerator": "nvidia-h200-141gb"}).name == "h200-141"
    assert selected({"nvidia.com/gpu.product": "NVIDIA-L40S"}).name == "l40s-48"
    assert selected({"pool": "gpus"}) is None


def test_a_compiled_pipeline_can_be_checked_beforehand():
    cluster = profile("cluster")
    assert all(each.fits for each in check_fits(method("r1_v"), cluster))
    with pytest.raises(RlvrError, match=r"does not fit(.|\n)*extends = \"cluster\""):
        check_fits(method("vl_rethinker"), replace(cluster, scale=replace(cluster.scale, zero_stage=0)))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["r1_v", "--profile", "laptop"], "--profile cluster"),
        (["r1_v", "--gpu", "h900"], "h100-80"),
        (["r1_v", "--set", "scale.nodez=2"], "Did you mean 'nodes'"),
        (["r1_v", "--set", "scale.nodes=0"], "at least 1"),
        (["r1_v", "--set", 'backbone.hub_id="x/y"'], "backbones.toml"),
        (["vl_rethinker/72b", "--write", "x.txt"], ".toml"),
    ],
)
def test_mistakes_are_named(arguments, words):
    result = plan(*arguments)
    assert result.exit_code != 0 and isinstance(result.exception, RlvrError) and words in str(result.exception)


def test_scale_options_leave_the_rest_to_the_method():
    changed, others = with_scale(profile("node"), ["scale.zero_stage=3", "stages.grpo.steps=5"])
    assert changed.scale.zero_stage == 3 and changed.scale.processes == 8 and others == ["stages.grpo.steps=5"]


def test_durations():
    assert [duration(seconds) for seconds in (1.25, 42, 600, 9000)] == ["1.2 s", "42 s", "10 min", "2.5 h"]
