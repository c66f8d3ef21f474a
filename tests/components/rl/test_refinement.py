"""Several turns a prompt: paths, returns, what is trained and what the log says."""

from dataclasses import replace

import pyarrow.parquet as pq
import pytest
import torch

from rlvr.canonical import plain
from rlvr.checkpoints import Checkpoints
from rlvr.data.rows import read, row_id
from rlvr.errors import RlvrError
from rlvr.rl.refinement import discounted_return
from rlvr.rl.train import Loop, train
from rlvr.store import manifest_of, open_store
from rlvr.training import Refinement, Replay


def again(row, completion):
    """The next turn asks the same with the last completion in front."""
    later = {**row, "prompt": f"You said: {completion} {row['prompt']}"}
    return {**later, "row_id": row_id(later)}


@pytest.fixture(scope="module")
def method(digits_method):
    stage = replace(digits_method.stages[0], refinement=Refinement(turns=3, discount=0.5), checkpoint_every=2)
    tasks = tuple(replace(task, revise=again) for task in digits_method.tasks)
    return replace(digits_method, tasks=tasks, stages=(stage,))


def run(method, base, rows, folder, checkpoints=None):
    train(
        stage=plain(method.stages[0]), tasks=[plain(task) for task in method.tasks], precision="float32", seed=0,
        base=base, rows=rows, checkpoints=checkpoints, model=folder / "model", log=folder / "log",
    )  # fmt: skip
    return manifest_of(folder / "model").digest


def test_returns_weigh_early_turns_most():
    assert discounted_return([0.0, 1.0], 0.9) == pytest.approx(0.9 / 1.9)
    assert discounted_return([2.0], 0.9) == 2.0
    assert discounted_return([1.0, 0.0, 0.0], 0.0) == 1.0


def test_every_turn_of_a_path_has_its_advantage(method, tiny_base, digit_rows):
    loop = Loop(method.stages[0], method.tasks, "float32", 0, tiny_base, digit_rows, None)
    groups, _ = loop.collector.step(0)
    size = method.stages[0].group_size
    assert [len(group) for group in groups] == [3 * size] * method.stages[0].prompts_per_step
    for group in groups:
        paths = [group[start : start + 3] for start in range(0, len(group), 3)]
        assert all([sample.turn for sample in path] == [0, 1, 2] for path in paths)
        assert all(len({sample.advantage for sample in path}) == 1 for path in paths)
        for path in paths:
            asked = [loop.prompts.row(sample.row)["prompt"] for sample in path]
            assert asked[1] == f"You said: {path[0].text} {asked[0]}" and asked[2].endswith(asked[1])
        returns = torch.tensor([discounted_return([sample.reward for sample in path], 0.5) for path in paths])
        wanted = (returns - returns.mean()) / (returns.std() + method.stages[0].advantage.epsilon)
        assert [path[0].advantage for path in paths] == pytest.approx(wanted.tolist(), abs=1e-4)


def test_the_log_speaks_of_the_data_set_rows(method, tiny_base, digit_rows, tmp_path):
    run(method, tiny_base, digit_rows, tmp_path)
    rollouts = pq.read_table(tmp_path / "log/grpo/rollouts.parquet").to_pylist()
    assert {row["turn"] for row in rollouts} == {1, 2, 3}
    assert {row["row_id"] for row in rollouts} <= {row["row_id"] for row in read(digit_rows)}


def test_an_interrupted_stage_ends_with_the_same_bytes(method, tiny_base, digit_rows, tmp_path, monkeypatch):
    whole = run(method, tiny_base, digit_rows, tmp_path / "whole")
    checkpoints = Checkpoints(open_store(str(tmp_path / "store")), "refinement")
    steps = []
    advance = Loop.advance

    def stop(self):
        if len(steps) == 3:
            raise KeyboardInterrupt
        steps.append(None)
        return advance(self)

    monkeypatch.setattr(Loop, "advance", stop)
    with pytest.raises(KeyboardInterrupt):
        run(method, tiny_base, digit_rows, tmp_path / "killed", checkpoints)
    monkeypatch.setattr(Loop, "advance", advance)
    assert run(method, tiny_base, digit_rows, tmp_path / "resumed", checkpoints) == whole


def test_what_does_not_go_together_is_refused(digits_method, method, tiny_base, digit_rows):
    with pytest.raises(RlvrError, match="refinement goes together with none of"):
        replace(method.stages[0], replay=Replay())
    loop = Loop(method.stages[0], digits_method.tasks, "float32", 0, tiny_base, digit_rows, None)
    with pytest.raises(RlvrError, match="has no `revise`"):
        loop.collector.step(0)
