"""A method whose stages go from long to short: compiled to a graph, and run on this machine."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from rich.console import Console

import coin_reward
from rlvr.canonical import dumps
from rlvr.errors import RlvrError
from rlvr.method import Method, Reward
from rlvr.overrides import apply
from rlvr.training import Dpo, LengthReward, Merge, Optimiser, Sampling, Scale, Sft, ShortestSft
from rlvr_pipelines.compile import compile_pipeline
from rlvr_pipelines.local import run
from rlvr_pipelines.profiles import Profile, profile
from rlvr_pipelines.progress_view import ProgressView

AS_IS = Profile(
    name="test", description="as it is", values={}, method_values={}, evaluation_batch=8,
    scale=Scale(micro_batch_tokens=4096),
)  # fmt: skip
OPTIMISER = Optimiser(learning_rate=1e-3)


@pytest.fixture
def long2short(digits_method):
    """base -> RL -> merge with the base -> shortest rejection sampling -> DPO -> RL for brevity on shorter rollouts."""
    task, grpo = digits_method.tasks[0], replace(digits_method.stages[0], steps=1)
    sampling = Sampling(max_new_tokens=24, stop_tokens=tuple("0123456789abcdef"))
    return replace(
        digits_method,
        name="long2short",
        tasks=(replace(task, rewards=(Reward(function=coin_reward.right_or_heads, with_prefill=True),)),),
        stages=(
            grpo,
            Merge(other="base"),
            ShortestSft(fit=Sft(optimiser=OPTIMISER, steps=2, batch_size=4), samples=4, sampling=sampling),
            Dpo(optimiser=OPTIMISER, steps=2, batch_size=4, samples=4, sampling=sampling, ratio=1.2),
            replace(grpo, name="short", length_reward=LengthReward(weight=1.0), sampling=Sampling(max_new_tokens=12)),
        ),
    )


def graph(method, folder):
    compile_pipeline(method, AS_IS, folder / "a.yaml", store="/s", lock=folder / "lock", allow_unpinned=True)
    return next(yaml.safe_load_all((folder / "a.yaml").read_text()))["root"]["dag"]["tasks"]


def producer(task, name):
    return task["inputs"]["artifacts"][name]["taskOutputArtifact"]["producerTask"]


def test_the_chain_compiles(long2short, tmp_path):
    tasks = graph(long2short, tmp_path)
    chain = ["base", "grpo", "merge", "shortest", "dpo", "grpo-2"]
    for before, after in zip(chain, chain[1:], strict=False):
        assert producer(tasks[after], "start") == before
        assert before == "base" or producer(tasks[after], "previous") == before
    assert producer(tasks["merge"], "other") == "base"
    assert [tasks[name]["taskInfo"]["name"] for name in chain[-2:]] == ["dpo", "short"]
    for name in ("grpo", "shortest", "dpo", "grpo-2"):
        scale = tasks[name]["inputs"]["parameters"]["scale"]["runtimeValue"]["constant"]
        assert scale == dumps(AS_IS.scale)
        assert producer(tasks[name], "rows") == "verify"
    assert "rows" not in tasks["merge"]["inputs"]["artifacts"]


def test_a_merge_may_take_any_earlier_stage(long2short, tmp_path):
    stages = (*long2short.stages, Merge(name="again", other="shortest"))
    tasks = graph(replace(long2short, stages=stages), tmp_path)
    assert producer(tasks["merge-2"], "other") == "shortest" and producer(tasks["merge-2"], "start") == "grpo-2"


@pytest.mark.parametrize("other", ["nothing", "merge", "dpo"])
def test_a_merge_with_what_is_not_there_yet_is_refused(other, long2short):
    with pytest.raises(RlvrError, match=f"merges with '{other}', .*; name one of base, grpo"):
        replace(long2short, stages=(long2short.stages[0], Merge(other=other), long2short.stages[3]))


def test_the_method_survives_json_and_is_shown(long2short):
    from rlvr_pipelines.show import page

    assert Method.from_json(long2short.to_json()) == long2short
    shown = io.StringIO()
    page(long2short, Console(file=shown, width=120), everything=True)
    for words in ("Stage merge Merge", "Stage shortest ShortestSft", "fit.batch_size", "Stage dpo Dpo", "ratio"):
        assert words in shown.getvalue()


def test_the_laptop_profile_scales_what_each_stage_has(long2short):
    grpo, merge, shortest, dpo, short = profile("laptop").scaled(long2short).stages
    assert (grpo.prompts_per_step, short.steps, dpo.steps) == (16, 300, 300)
    assert shortest.sampling.max_new_tokens == dpo.sampling.max_new_tokens == 40
    assert merge == long2short.stages[1] and shortest.fit == long2short.stages[2].fit
    with pytest.raises(RlvrError, match="no 'steeps'"):
        apply(long2short, {"stages.*.steeps": 3})


def test_the_chain_runs_and_is_reported(long2short, tmp_path, monkeypatch):
    from rlvr.progress import LOCK, VARIABLE

    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    for variable in (LOCK, VARIABLE):
        monkeypatch.setenv(variable, "")
    output = io.StringIO()
    view = ProgressView(Console(file=output, width=100))
    folder = run(long2short, AS_IS, home=tmp_path, store=str(tmp_path / "store"), seed=0, view=view)
    page = (folder / "report.html").read_text()
    for words in ("Model merging", "Shortest rejection sampling", "Preference optimisation", "Preference margin"):
        assert words in page
    for stage in ("grpo", "merge", "shortest", "dpo", "short"):
        assert f"{stage}: done" in output.getvalue()
    digests = json.loads((folder / "artifacts.json").read_text())
    assert len({digests[stage.name]["model"] for stage in long2short.stages}) == len(long2short.stages)
