"""What is proposed where something does not fit: in order of least change, nothing superfluous, and it does fit."""

from dataclasses import replace

import pytest

from rlvr.errors import RlvrError
from rlvr.overrides import apply
from rlvr.plan.fits import alternatives, check_fits, on_larger_gpus
from rlvr.plan.gpu import GIB, gpu_named
from rlvr.plan.machine import Machine, quantity
from rlvr.plan.method_plan import Setting, plan_method
from rlvr.plan.proposals import applied, nearest
from rlvr.training import Scale, TrainJob
from rlvr_pipelines.methods import method


def setting(gpu="h100-80", gpus=8, host=900, batch=64, **scale):
    chosen = gpu_named(gpu)
    return Setting(
        train=Machine(gpu=chosen, gpus=gpus, host_bytes=host * GIB),
        evaluate=Machine(gpu=chosen, gpus=1, host_bytes=128 * GIB),
        scale=Scale(**scale),
        evaluation_batch=batch,
    )


def paths(proposal):
    return [change.path for change in proposal.changes]


def test_what_fits_needs_no_change():
    plans = check_fits(method("r1_v"), setting(processes=8, zero_stage=2, gradient_checkpointing=True), "node")
    assert [plan.stage for plan in plans] == ["grpo", "superclevr_200"] and all(plan.fits for plan in plans)


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        # one prompt's completions at a time is the smallest change of all
        ("r1_v", {"gpus": 1, "host": 200}, ["micro_batch_tokens"]),
        # then activations that are computed again
        ("mmr1", {"processes": 8, "zero_stage": 2}, ["gradient_checkpointing"]),
        # then splitting over the GPUs that are there
        ("curr_reft/7b", {"processes": 8, "gradient_checkpointing": True}, ["zero_stage"]),
        # on one GPU there is nothing to split: optimiser state goes to host memory
        ("curr_reft/7b", {"gpus": 1, "gradient_checkpointing": True}, ["zero_stage", "offload_optimiser"]),
        # fewer completions are drawn, or learnt from, at a time
        (
            "vl_rethinker",
            {"gpu": "a100-40", "processes": 8, "zero_stage": 3, "gradient_checkpointing": True, "batch": 8},
            ["cache_tokens"],
        ),
        (
            "kimi_vl_thinking",
            {
                "processes": 8,
                "zero_stage": 2,
                "offload_optimiser": True,
                "gradient_checkpointing": True,
                "batch": 4,
                "micro_batch_tokens": 200_000,
            },
            ["micro_batch_tokens"],
        ),
        # more nodes need a TrainJob
        (
            "mm_eureka/internvl_pretrain",
            {"processes": 8, "zero_stage": 3, "gradient_checkpointing": True, "batch": 2},
            ["cache_tokens", "offload_optimiser", "job", "nodes"],
        ),
    ],
)
def test_the_least_change_that_fits_is_found(name, given, expected):
    found = nearest(method(name), setting(**given))
    assert found is not None and paths(found) == expected
    assert not any(change.changes_method for change in found.changes)
    run, after = applied(method(name), setting(**given), list(found.changes))
    assert run == method(name) and all(plan.fits for plan in plan_method(run, after))


def test_each_change_is_needed():
    """Without any one of them it does not fit."""
    start = setting(gpu="a100-40", processes=8)
    for name in ("mmr1/7b", "mm_eureka/internvl", "metaspatial"):
        found, _ = alternatives(method(name), start)
        assert found is not None
        for change in found.changes:
            if change.path not in ("memory", "job") and not change.path.endswith("max_new_tokens"):
                fewer = [other for other in found.changes if other is not change]
                assert not all(plan.gpu_fits for plan in plan_method(*applied(method(name), start, fewer))), change


def test_the_method_is_changed_only_when_nothing_else_helps():
    start = setting(gpu="l4-24", gpus=1)
    assert nearest(method("r1_vlm"), start, same_method=True) is None
    found, larger = alternatives(method("r1_vlm"), start)
    assert found is not None and any(change.changes_method for change in found.changes)
    assert all(plan.fits for plan in plan_method(*applied(method("r1_vlm"), start, list(found.changes))))
    assert larger is not None and larger.setting.train.gpu.memory > 22
    assert not any(change.changes_method for change in larger.changes) and all(plan.fits for plan in larger.plans)


def test_a_refusal_has_the_arithmetic_and_lines_to_copy():
    with pytest.raises(RlvrError) as refusal:
        check_fits(method("curr_reft/7b"), setting(processes=8, gradient_checkpointing=True), "mine.toml")
    text = str(refusal.value)
    assert "where h100-80 has 79: optimiser moments 61.8" in text  # 8 bytes x 8.29 billion
    assert 'extends = "mine.toml"' in text and "zero_stage = 1" in text


def test_models_that_cannot_be_packed_are_not_put_under_zero_3():
    start = setting(processes=8, zero_stage=3, gradient_checkpointing=True)
    plans = plan_method(method("kimi_vl_thinking"), start)
    assert any("plain sequences" in plan.obstacle for plan in plans)
    assert not any(change.value == 3 for change in nearest(method("kimi_vl_thinking"), start).changes)


def test_more_processes_than_gpus_are_refused():
    (reason, *_) = plan_method(method("r1_v"), setting(gpus=4, processes=8))[0].lacking
    assert "8 processes" in reason and "4" in reason
    found = nearest(method("r1_v"), setting(gpus=4, processes=8, zero_stage=2, gradient_checkpointing=True))
    assert found is not None and [(change.path, change.value) for change in found.changes] == [("processes", 4)]


def test_vllm_needs_its_own_copy_of_the_weights():
    scale = {"processes": 8, "zero_stage": 2, "gradient_checkpointing": True, "rollout": "vllm"}
    fits, too_large = (
        plan_method(method(name), setting(**scale))[0] for name in ("r1_v", "mm_eureka/internvl_pretrain")
    )
    assert not fits.obstacle and any(item.label == "vLLM" for phase in fits.phases for item in phase.items)
    assert "vLLM gets 30 %" in too_large.obstacle


def test_lacking_host_memory_is_named_and_proposed():
    start = setting(host=64, processes=8, zero_stage=2, gradient_checkpointing=True)
    plan = plan_method(method("r1_v"), start)[0]
    assert plan.gpu_fits and not plan.fits and "of a node's 64 GiB of memory" in plan.lacking[0]
    (change,) = nearest(method("r1_v"), start).changes
    assert (change.table, change.path) == ("pods.train", "memory") and quantity(change.value) >= plan.host_bytes


def test_merging_needs_no_gpu():
    plans = plan_method(method("kimi_vl_thinking/merge"), setting(processes=8, zero_stage=2))
    (merging,) = (plan for plan in plans if plan.kind == "Merge")
    assert merging.gpu is None and merging.fits


def test_nodes_share_the_work():
    one = setting(processes=8, zero_stage=3, gradient_checkpointing=True)
    four = replace(one, scale=replace(one.scale, nodes=4, job=TrainJob()))
    slow, fast = (plan_method(method("mmr1"), each)[1] for each in (one, four))
    assert fast.seconds.total < slow.seconds.total / 3 and fast.peak.bytes < slow.peak.bytes


def test_larger_gpus_are_tried_by_size():
    found = on_larger_gpus(method("vl_rethinker"), setting(gpu="a100-40", processes=8, gradient_checkpointing=True))
    assert found is not None and found.setting.train.gpu.name == "l40s-48"


@pytest.mark.parametrize(("text", "size"), [("512Gi", 512 * GIB), ("1.5T", 1.5e12), ("64000000", 64e6), ("1Ti", 2**40)])
def test_amounts_of_memory(text, size):
    assert quantity(text) == size


def test_other_amounts_are_refused():
    with pytest.raises(RlvrError, match="512Gi"):
        quantity("lots")
    with pytest.raises(RlvrError, match="h100-80"):
        gpu_named("h900")


@pytest.mark.parametrize(("completion", "changed"), [(4096, False), (2**20, True)])
def test_what_fits_on_no_such_gpu_gets_a_larger_one_and_only_then_a_changed_method(completion, changed):
    start = setting(processes=8, zero_stage=3, gradient_checkpointing=True)
    long = apply(method("vl_rethinker/72b"), {"stages.*.sampling.max_new_tokens": completion})
    found, larger = alternatives(long, start)
    assert found is None and larger is not None and larger.setting.train.gpu.name == "b200-180"
    assert any(change.changes_method for change in larger.changes) is changed
    assert all(plan.fits for plan in larger.plans)
