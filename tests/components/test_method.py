from dataclasses import replace

import pytest

from rlvr.canonical import digest, dumps, load, plain, resolve
from rlvr.errors import RlvrError
from rlvr.method import Method
from rlvr.overrides import apply, changes, parse
from rlvr.training import Grpo, Optimiser, Sft
from rlvr_pipelines.methods import METHODS, method


@pytest.mark.parametrize("name", METHODS)
def test_json_goes_both_ways(name):
    value = METHODS[name]
    assert Method.from_json(value.to_json()) == value
    assert dumps(value) == dumps(Method.from_json(value.to_json()))


def test_equal_values_have_equal_digests_and_others_do_not():
    value = METHODS["r1_v"]
    assert digest(value) == digest(replace(value))
    assert digest(value) != digest(replace(value, title="another"))


def test_functions_stand_as_module_and_name():
    assert plain(METHODS["r1_v"])["tasks"][0]["rewards"][0]["function"] == "rlvr.rewards.math_accuracy:accuracy"


def test_several_stages_of_several_kinds_survive_json():
    optimiser = Optimiser(learning_rate=1e-5)
    stages = (Sft(optimiser=optimiser), Grpo(optimiser=optimiser, name="easy"), Grpo(optimiser=optimiser, name="hard"))
    value = replace(METHODS["r1_v"], stages=stages)
    assert Method.from_json(value.to_json()).stages == stages


def test_unknown_and_missing_fields_are_named():
    data = METHODS["r1_v"].to_json()
    data["stages"][0]["learning_rat"] = 1
    with pytest.raises(RlvrError, match=r"learning_rat"):
        Method.from_json(data)
    with pytest.raises(RlvrError, match="Optimiser cannot be read"):
        load(Optimiser, [])


def test_a_function_that_is_not_there_is_named():
    with pytest.raises(RlvrError, match="no function 'rlvr.rewards.digits:nothing'"):
        resolve("rlvr.rewards.digits:nothing")


def test_names_must_be_unique():
    value = METHODS["r1_v"]
    with pytest.raises(RlvrError, match="each once"):
        replace(value, tasks=value.tasks * 2)


def test_a_stage_may_only_name_known_tasks():
    value = METHODS["r1_v"]
    with pytest.raises(RlvrError, match="unknown tasks"):
        replace(value, stages=(replace(value.stages[0], tasks=("nothing",)),))


def test_unknown_method_suggests_the_nearest():
    with pytest.raises(RlvrError, match="Did you mean 'r1_vlm'"):
        method("r1vlm")


def test_overrides_change_values_and_are_listed():
    value = METHODS["r1_v"]
    run = apply(value, {"stages.grpo.group_size": 4, "tasks.*.source.limit": 10})
    assert (run.stages[0].group_size, run.tasks[0].source.limit) == (4, 10)
    assert value.stages[0].group_size == 8
    assert changes(value, run) == [
        {"field": "stages.grpo.group_size", "published": 8, "run": 4},
        {"field": "tasks.counting.source.limit", "published": None, "run": 10},
    ]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("stages.grpo.group_sise", "Did you mean 'group_size'"),
        ("stages.grop.group_size", "Did you mean 'grpo'"),
        ("stage.grpo.group_size", "Did you mean 'stages'"),
    ],
)
def test_a_wrong_path_suggests_the_nearest(path, message):
    with pytest.raises(RlvrError, match=message):
        apply(METHODS["r1_v"], {path: 4})


def test_a_wrong_type_is_refused():
    with pytest.raises(RlvrError, match="group_size"):
        apply(METHODS["r1_v"], {"stages.grpo.group_size": "many"})


def test_settings_are_parsed_as_json_or_text():
    assert parse("a.b=3") == ("a.b", 3)
    assert parse("a.b=1e-4") == ("a.b", 1e-4)
    assert parse("a.b=tiny") == ("a.b", "tiny")
    assert parse("a.b=x=y") == ("a.b", "x=y")
    with pytest.raises(RlvrError, match="PATH=VALUE"):
        parse("nothing")


def test_false_takes_an_optional_part_out():
    value = METHODS["metaspatial"]
    assert any(reward.judge for reward in value.tasks[0].rewards)
    without = apply(value, {"tasks.*.rewards.*.judge": False})
    assert not any(reward.judge for reward in without.tasks[0].rewards)
    kept = apply(value, {"tasks.layout.rewards.graded.weight": 2.0})
    assert kept.tasks[0].rewards[0].weight == 2.0


def test_a_variant_with_changed_rewards_carries_no_figure_of_the_published_one():
    strict = [value for name, value in METHODS.items() if name.endswith("strict")]
    assert len(strict) == 6
    for value in strict:
        roles = {printed.role for benchmark in value.benchmarks for printed in benchmark.published}
        assert "base" in roles and "tuned" not in roles, value.name
        assert "reports" not in value.summary, value.name
