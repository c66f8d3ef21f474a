from dataclasses import replace

import pytest

from rlvr.errors import RlvrError
from rlvr.training import Grpo
from rlvr_pipelines.methods import METHODS
from rlvr_pipelines.profiles import profile


@pytest.mark.parametrize("name", METHODS)
def test_the_cluster_profile_runs_the_published_set_up(name):
    assert profile("cluster").changes(METHODS[name]) == []


OFFLINE_RULE = "kimi_vl_thinking"
"""Its judge gives way to the rule that stands in for it offline."""
SHORT_PROMPT = "reason_rft"
"""Its prompt leaves the closed lists of values out, which would be most of what a tiny model reads."""


@pytest.mark.parametrize("name", METHODS)
def test_the_laptop_profile_keeps_rewards_prompts_and_algorithm(name):
    published, run = METHODS[name], profile("laptop").scaled(METHODS[name])
    for before, after in zip(published.tasks, run.tasks, strict=True):
        # a laptop has no judge, so a judged component stays and does not apply
        if name.partition("/")[0] != OFFLINE_RULE:
            kept = [replace(one, judge=None) for one in before.rewards]
            assert kept == [replace(one, judge=None) for one in after.rewards]
        if name.partition("/")[0] != SHORT_PROMPT:
            assert after.prompt == before.prompt
        assert after.revise == before.revise
    for before, after in zip(published.stages, run.stages, strict=True):
        assert (type(after), after.name, after.tasks) == (type(before), before.name, before.tasks)
        if isinstance(after, Grpo):
            assert (after.advantage, type(after.sampler)) == (before.advantage, type(before.sampler))
            assert (after.loss.objective, after.loss.kl_weight) == (before.loss.objective, before.loss.kl_weight)
            for part in ("length_reward", "online_filter", "replay", "rethinking", "partial_rollouts", "refinement"):
                assert type(getattr(after, part)) is type(getattr(before, part)), part
    assert run.backbone.location == "tiny"
    assert run.benchmarks[0].source.limit >= 200


def test_changes_name_published_and_run_value():
    found = {entry["field"]: entry for entry in profile("laptop").changes(METHODS["r1_vlm"])}
    assert found["stages.grpo.group_size"]["published"] == 15


def test_a_familys_values_concern_the_variants_that_have_the_part():
    method = METHODS["r1_vlm"]
    values = {"stages.grpo.steps": 7, "stages.other.steps": 8, "tasks.*.source.limit": 9}
    scaled = replace(profile("laptop"), method_values={"r1_vlm": values}).scaled(method)
    assert (scaled.stages[0].steps, scaled.tasks[0].source.limit) == (7, 9)
    for name in METHODS:
        family = [other for other in METHODS.values() if other.name.partition("/")[0] == name.partition("/")[0]]
        for path in profile("laptop").method_values.get(name.partition("/")[0], {}):
            kind, part = (*path.split("."), "")[:2]
            if kind in ("tasks", "stages", "benchmarks") and part != "*":
                assert any(part == one.name for other in family for one in getattr(other, kind)), (name, path)


def test_unknown_profile():
    with pytest.raises(RlvrError, match="Choose one of laptop, node, cluster"):
        profile("phone")


def test_a_profile_may_run_the_first_benchmarks_alone():
    method = METHODS["vl_rethinker"]
    few = replace(profile("laptop"), max_benchmarks=2, changed={"benchmarks.math_verse": False})
    kept = [benchmark.name for benchmark in few.scaled(method).benchmarks]
    assert kept == [benchmark.name for benchmark in method.benchmarks if benchmark.name != "math_verse"][:2]
    left_out = [entry["field"] for entry in few.changes(method) if entry["field"] == "benchmarks.math_verse.name"]
    assert left_out and len(profile("cluster").scaled(method).benchmarks) == len(method.benchmarks)
    with pytest.raises(RlvrError, match="'math_worse' in 'benchmarks.math_worse'. Did you mean 'math_verse'"):
        replace(few, changed={"benchmarks.math_worse": False}).scaled(method)
