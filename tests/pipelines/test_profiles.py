import pytest

from rlvr.errors import RlvrError
from rlvr_pipelines.methods import METHODS
from rlvr_pipelines.profiles import profile


@pytest.mark.parametrize("name", METHODS)
def test_the_cluster_profile_runs_the_published_set_up(name):
    assert profile("cluster").changes(METHODS[name]) == []


@pytest.mark.parametrize("name", METHODS)
def test_the_laptop_profile_keeps_rewards_prompts_and_algorithm(name):
    published, run = METHODS[name], profile("laptop").scaled(METHODS[name])
    assert [task.rewards for task in run.tasks] == [task.rewards for task in published.tasks]
    assert [task.prompt for task in run.tasks] == [task.prompt for task in published.tasks]
    for before, after in zip(published.stages, run.stages, strict=True):
        assert (after.advantage, after.loss) == (before.advantage, before.loss)
    assert run.backbone.location == "tiny"
    assert all(benchmark.source.limit >= 500 for benchmark in run.benchmarks)


def test_changes_name_published_and_run_value():
    found = {entry["field"]: entry for entry in profile("laptop").changes(METHODS["r1_vlm"])}
    assert found["stages.grpo.group_size"]["published"] == 15


def test_unknown_profile():
    with pytest.raises(RlvrError, match="choose one of laptop, cluster"):
        profile("phone")
