"""Faults on one of two ranks: both agree on what is left out, and nobody waits for ever."""

from dataclasses import replace

import faulty_rewards
import pytest
import table
from small_training import grpo_stage, metrics, notes

from rlvr.canonical import plain
from rlvr.data.rows import read, write
from rlvr.errors import RlvrError
from rlvr.launch import launch
from rlvr.method import Reward
from rlvr.rl.samplers import UniformSampler
from rlvr.rl.train import train
from rlvr.training import Scale


def run(stage, method, base, rows, folder, processes, function=None):
    tasks = [replace(task, rewards=(Reward(function=function),)) if function else task for task in method.tasks]
    launch(
        train,
        Scale(processes=processes),
        stage=plain(stage),
        tasks=[plain(task) for task in tasks],
        precision="float32",
        seed=0,
        base=base,
        rows=rows,
        model=folder / "model",
        log=folder / "log",
    )
    return metrics(folder)


def test_rewards_that_fail_on_some_completions_are_counted_over_all_ranks(
    digits_method, tiny_base, digit_rows, tmp_path, monkeypatch
):
    stage = replace(grpo_stage(digits_method, reward="zero"), steps=2)
    given = (stage, digits_method, tiny_base, digit_rows)
    alone = run(*given, tmp_path / "alone", 1, faulty_rewards.raising)
    path = tmp_path / "progress.jsonl"
    monkeypatch.setenv("RLVR_PROGRESS", str(path))
    together = run(*given, tmp_path / "together", 2, faulty_rewards.raising)
    lost = int(alone[0]["reward_faults"] != together[0]["reward_faults"])  # later steps differ by rounding
    table.record("training", "reward raises, two ranks", tried=2, lost=lost)
    assert not lost and alone[0]["reward_faults"] > 0
    assert len([note for note in notes(path) if "it counts as 0" in note]) == sum(
        line["reward_faults"] for line in together
    )
    with pytest.raises(RlvrError, match=r"Stage grpo, step 1: Reward .* raised KeyError"):
        run(replace(stage, faults=grpo_stage(digits_method).faults), *given[1:], tmp_path, 2, faulty_rewards.raising)


def test_rows_that_cannot_be_read_are_left_out_on_all_ranks(digits_method, tiny_base, digit_rows, tmp_path):
    rows = read(digit_rows)[:6]
    bad = {rows[1]["row_id"], rows[4]["row_id"]}
    write(
        [{**row, "images": [row["images"][0][:60]]} if row["row_id"] in bad else row for row in rows], tmp_path / "rows"
    )
    given = (grpo_stage(digits_method, unreadable="skip"), digits_method, tiny_base, tmp_path / "rows")
    alone, together = run(*given, tmp_path / "alone", 1), run(*given, tmp_path / "together", 2)
    lost = int([line["rows_left_out"] for line in alone] != [line["rows_left_out"] for line in together])
    table.record("training", "picture cannot be decoded, two ranks", tried=2, lost=lost)
    sampler = UniformSampler(rows=len(rows), per_step=3, seed=0)
    expected = [sum(rows[number]["row_id"] in bad for number in sampler.indices(step)) for step in range(4)]
    assert not lost and [line["rows_left_out"] for line in alone] == expected
