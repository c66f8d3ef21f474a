"""A method with a supervised stage before RL: the same graph builder, compiled and run."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from rich.console import Console

import cold_start
from rlvr.training import Optimiser, Sft
from rlvr_pipelines.compile import compile_pipeline
from rlvr_pipelines.local import run
from rlvr_pipelines.profiles import Profile
from rlvr_pipelines.progress_view import ProgressView

AS_IS = Profile(name="test", description="as it is", values={}, method_values={}, evaluation_batch=8)


@pytest.fixture
def cold_started(digits_method):
    task = digits_method.tasks[0]
    task = replace(task, source=replace(task.source, convert=cold_start.with_response))
    sft = Sft(optimiser=Optimiser(learning_rate=1e-3), steps=3, batch_size=4)
    benchmark = digits_method.benchmarks[0]
    return replace(
        digits_method,
        name="cold",
        tasks=(replace(task, rewards=(*task.rewards,)),),
        stages=(sft, digits_method.stages[0]),
        benchmarks=(benchmark,),
    )


def test_it_compiles_to_a_chain(cold_started, tmp_path):
    compile_pipeline(cold_started, AS_IS, tmp_path / "a.yaml", store="/s", lock=tmp_path / "lock", allow_unpinned=True)
    tasks = next(yaml.safe_load_all((tmp_path / "a.yaml").read_text()))["root"]["dag"]["tasks"]
    inputs = tasks["grpo"]["inputs"]["artifacts"]
    assert {inputs[name]["taskOutputArtifact"]["producerTask"] for name in ("start", "previous")} == {"sft"}
    assert "previous" not in tasks["sft"]["inputs"]["artifacts"]
    assert tasks["sft"]["inputs"]["artifacts"]["start"]["taskOutputArtifact"]["producerTask"] == "base"


def test_it_runs_and_reports_both_stages(cold_started, tmp_path, monkeypatch):
    from rlvr.progress import LOCK, VARIABLE
    from rlvr.rewards import digits

    task = cold_started.tasks[0]  # the gate needs a reward that tells right from wrong
    reward = replace(task.rewards[0], function=digits.correctness, with_prefill=True)
    method = replace(cold_started, tasks=(replace(task, rewards=(reward, *task.rewards)),))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    for variable in (LOCK, VARIABLE):
        monkeypatch.setenv(variable, "")
    view = ProgressView(Console(file=io.StringIO(), width=100))
    folder = run(method, AS_IS, home=tmp_path, store=str(tmp_path / "store"), seed=0, view=view)
    page = (folder / "report.html").read_text()
    assert "Supervised fine-tuning" in page and "Reinforcement learning" in page
