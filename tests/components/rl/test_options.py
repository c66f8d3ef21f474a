"""Every option of the RL stage: it trains, its effect shows, and an interrupted stage ends with the same bytes."""

import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
import torch

from rlvr.canonical import plain
from rlvr.checkpoints import Checkpoints
from rlvr.data.rows import read, write
from rlvr.errors import RlvrError
from rlvr.launch import Stopped
from rlvr.method import Reward
from rlvr.rl.train import Loop, train
from rlvr.store import manifest_of, open_store
from rlvr.training import (
    Advantage,
    Curriculum,
    LengthReward,
    Lora,
    Loss,
    OnlineFilter,
    PartialRollouts,
    Prioritised,
    Replay,
    Rethinking,
    Scale,
    VarianceAware,
)

OPMD = {
    "advantage": Advantage(baseline="log_partition", scale="none", tau=0.5),
    "loss": Loss(objective="mirror_descent", tau=0.5, normaliser="sequence_sum", kl_weight=0.0),
    "reset_optimiser": True,
}
OPTIONS = {
    "curriculum by label": {"sampler": Curriculum()},
    "curriculum by pass rate": {"sampler": Curriculum(by="pass_rate", samples=2, warmup_steps=1)},
    "prioritised": {"sampler": Prioritised()},
    "variance-aware": {"sampler": VarianceAware(every=2, samples=2)},
    "online filter": {"online_filter": OnlineFilter(lowest=0.1, highest=0.9, attempts=3)},
    "replay, paper": {"replay": Replay(form="paper", clear_every=3)},
    "replay, code": {"replay": Replay(form="code")},
    "rethinking": {"rethinking": Rethinking(fraction=1.0, max_new_tokens=24)},
    "partial rollouts": {"partial_rollouts": PartialRollouts(tokens_per_step=8)},
    "several updates": {
        "updates_per_step": 3,
        "passes_per_step": 2,
        "loss": Loss(objective="clipped", kl_weight=0.0, normaliser="token_mean"),
    },
    "mirror descent": OPMD,
    "current reference": {"loss": Loss(objective="clipped", reference="current"), "passes_per_step": 2},
    "LoRA": {"lora": Lora(rank=4, alpha=8.0)},
    "frozen vision": {"freeze_vision": True},
    "length reward": {"length_reward": LengthReward(weight=0.5, after_steps=1)},
    "truncated masked": {"loss": Loss(mask_truncated=True, kl_weight=0.0, normaliser="constant_length")},
}


def often(completions, **_):
    """A reward that is right for about half of any completions."""
    return [float(len(text) % 2) for text in completions]


@pytest.fixture(scope="module")
def settings(digits_method):
    stage = digits_method.stages[0]
    task = replace(digits_method.tasks[0], rewards=(Reward(function=often), *digits_method.tasks[0].rewards))
    sampling = replace(
        stage.sampling, stop_tokens=("1", "2", "3", "e", "a")
    )  # the untrained base rarely ends by itself
    return replace(stage, loss=Loss(kl_weight=0.0), sampling=sampling), task


@pytest.fixture(scope="module")
def graded_rows(digit_rows, tmp_path_factory):
    """Rows with a difficulty."""
    folder = tmp_path_factory.mktemp("graded")
    rows = [
        {**row, "extra": json.dumps({**json.loads(row["extra"] or "{}"), "difficulty": number})}
        for number, row in enumerate(read(digit_rows))
    ]
    write(rows, folder)
    return folder


def run(stage, task, base, rows, folder, checkpoints=None, scale=None):
    train(
        stage=plain(stage),
        tasks=[plain(task)],
        precision="float32",
        scale=plain(scale or Scale()),
        seed=0,
        base=base,
        rows=rows,
        checkpoints=checkpoints,
        model=folder / "model",
        log=folder / "log",
    )
    metrics = (folder / "log" / stage.name / "metrics.jsonl").read_text().splitlines()
    return manifest_of(folder / "model").digest, [json.loads(line) for line in metrics]


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_trains_and_resumes_bit_for_bit(name, settings, tiny_base, graded_rows, tmp_path, monkeypatch):
    stage, task = replace(settings[0], **OPTIONS[name], checkpoint_every=1), settings[1]
    digest, metrics = run(stage, task, tiny_base, graded_rows, tmp_path / "whole")
    assert [line["step"] for line in metrics] == [1, 2, 3, 4]
    assert digest != manifest_of(tiny_base).digest
    store = open_store(str(tmp_path / "store"))
    for _ in range(stage.steps - 1):  # one step an attempt: every checkpoint is gone on from
        monkeypatch.setattr("rlvr.rl.train.stop_requested", lambda: True)
        with pytest.raises(Stopped, match=r"Stage grpo stopped after step \d of 4"):
            run(stage, task, tiny_base, graded_rows, tmp_path / "cut", Checkpoints(store, "key"))
    again, resumed = run(stage, task, tiny_base, graded_rows, tmp_path / "cut", Checkpoints(store, "key"))
    assert again == digest
    timeless = [{k: v for k, v in line.items() if "second" not in k and "memory" not in k} for line in metrics]
    assert [{key: line[key] for key in timeless[0]} for line in resumed] == timeless


def loop_of(settings, base, rows, scale=None, **options):
    return Loop(replace(settings[0], **options), [settings[1]], "float32", 0, base, rows, None, scale)


def test_the_online_filter_draws_further_groups(settings, tiny_base, graded_rows):
    loop = loop_of(settings, tiny_base, graded_rows, online_filter=OnlineFilter(lowest=0.4, highest=0.6, attempts=4))
    groups, drawn = loop.collector.step(0)
    assert drawn["groups_drawn"] > len(groups)
    assert all(0.4 <= sum(sample.correct for sample in group) / len(group) <= 0.6 for group in groups)


def test_rows_that_teach_nothing_cost_no_forward_pass_and_change_nothing(settings, tiny_base, graded_rows):
    def gradients(keep_all):
        loop = loop_of(settings, tiny_base, graded_rows)
        groups, _ = loop.collector.step(0)
        dead = [replace(sample, advantage=0.0) for sample in groups[0]]
        samples = [*dead, *(sample for group in groups[1:] for sample in group)]
        if keep_all:
            kept = loop.updater.groups(samples, everything=True)
            loop.updater.groups = lambda samples: kept
        loop.updater.accumulate(samples)
        used = sum(len(group.samples) for group in loop.updater.groups(samples))
        return used, {n: p.grad for n, p in loop.engine.policy.named_parameters()}

    (few, ours), (all_of_them, theirs) = gradients(False), gradients(True)
    assert few < all_of_them
    size = sum((grad**2).sum() for grad in theirs.values()).sqrt()
    assert sum(((ours[name] - theirs[name]) ** 2).sum() for name in theirs).sqrt() < 1e-5 * size


@pytest.mark.parametrize("objective", ["ratio_one", "clipped", "mirror_descent"])
def test_gradients_do_not_depend_on_micro_batches(objective, settings, tiny_base, graded_rows):
    def gradients(limit):
        loss = Loss(objective=objective, normaliser="token_mean")
        loop = loop_of(settings, tiny_base, graded_rows, Scale(micro_batch_tokens=limit), loss=loss)
        groups, _ = loop.collector.step(0)
        loop.updater.accumulate([sample for group in groups for sample in group])
        return [parameter.grad for parameter in loop.engine.policy.parameters()]

    whole, split = gradients(10**6), gradients(1)
    size = sum((grad**2).sum() for grad in whole).sqrt()
    assert sum(((a - b) ** 2).sum() for a, b in zip(whole, split, strict=True)).sqrt() < 5e-6 * size


def test_forced_continuations_share_their_beginning_and_carry_the_likelihood(settings, tiny_base, graded_rows):
    rethinking = Rethinking(fraction=1.0, max_new_tokens=24, cut_back=0.5, per_group=4)
    loop = loop_of(settings, tiny_base, graded_rows, rethinking=rethinking, loss=Loss(nll_weight=0.05, kl_weight=0.0))
    plain_loop = loop_of(settings, tiny_base, graded_rows)
    plain_groups, _ = plain_loop.collector.step(0)
    groups, _ = loop.collector.step(0)
    continued = [
        (sample, first)
        for group, before in zip(groups, plain_groups, strict=True)
        for sample, first in zip(group, before, strict=True)
        if sample.nll_from is not None
    ]
    assert continued
    for sample, first in continued:
        assert sample.correct
        kept = sample.nll_from
        assert sample.ids[:kept].tolist() == first.ids[:kept].tolist()
        assert any(trigger.strip()[:4] in sample.text for trigger in rethinking.triggers)
    old = torch.cat([sample.logprobs for sample, _ in continued])
    with torch.no_grad():
        scored = torch.cat([loop.engine.policy([loop.prompts[s.row]], [[s.ids]]) for s, _ in continued])
    assert (old - scored).abs().max() < 5e-6
    weights = [group.likelihood for group in loop.updater.groups([sample for group in groups for sample in group])]
    assert float(torch.cat(weights).sum()) == pytest.approx(0.05)


def test_the_code_form_of_the_likelihood_takes_reflecting_responses(settings, tiny_base, graded_rows):
    loop = loop_of(settings, tiny_base, graded_rows, loss=Loss(nll_weight=0.05, nll_on="reflective"))
    (group, *_), _ = loop.collector.step(0)
    better = replace(group[0], text="Wait, no. 3", advantage=0.5)
    assert loop.collector._selected(better).nll_from == 0
    assert loop.collector._selected(replace(better, advantage=-0.5)).nll_from is None
    assert loop.collector._selected(replace(better, text="3")).nll_from is None


def test_partial_rollouts_go_on_where_they_stopped(settings, tiny_base, graded_rows):
    loop = loop_of(settings, tiny_base, graded_rows, partial_rollouts=PartialRollouts(tokens_per_step=5))
    finished = []
    for step in range(5):
        groups, _ = loop.collector.step(step)
        loop.prompts.forget()
        finished += groups
        assert len(loop.collector.unfinished.pending) <= 3
    assert finished
    flat = [sample for group in finished for sample in group]
    assert max(sample.length for sample in flat) > 5
    assert all(sample.learnt_from == sample.length or sample.learnt_from % 5 == 0 for sample in flat)
    with torch.no_grad():  # nothing was trained, so all pieces are of one policy
        scored = torch.cat([loop.engine.policy([loop.prompts[s.row]], [[s.ids]]) for s in flat])
    assert (torch.cat([sample.logprobs for sample in flat]) - scored).abs().max() < 5e-6


def test_a_row_that_comes_twice_in_a_step_gets_other_completions(settings, tiny_base, graded_rows):
    loop = loop_of(settings, tiny_base, graded_rows)
    first, other, second = loop.collector.draw(0, rows=[5, 1, 5])
    assert [s.ids.tolist() for s in first] != [s.ids.tolist() for s in second]
    alone = loop.collector.draw(0, rows=[5])[0]
    assert [s.ids.tolist() for s in first] == [s.ids.tolist() for s in alone]


def test_length_reward_prefers_the_shorter_of_the_right(settings, tiny_base, graded_rows):
    plain_groups, _ = loop_of(settings, tiny_base, graded_rows).collector.step(0)
    groups, _ = loop_of(settings, tiny_base, graded_rows, length_reward=LengthReward(weight=2.0)).collector.step(0)
    for group, before in zip(groups, plain_groups, strict=True):
        gained = [a.reward - b.reward for a, b in zip(group, before, strict=True)]
        right = sorted((sample.length, -gain) for sample, gain in zip(group, gained, strict=True) if sample.correct)
        assert [gain for _, gain in right] == sorted(gain for _, gain in right)
        assert all(gain <= 0 for sample, gain in zip(group, gained, strict=True) if not sample.correct)


def test_lora_needs_no_second_model_and_starts_at_its_reference(settings, tiny_base, graded_rows):
    loop = loop_of(settings, tiny_base, graded_rows, lora=Lora(rank=4, alpha=8.0), loss=Loss(kl_weight=0.1))
    assert loop.reference.policy is None
    first, second = loop.advance(), None
    loop.step = 1
    second = loop.advance()
    assert first["kl"] == pytest.approx(0, abs=1e-9) and second["kl"] > 0


def test_pictures_are_seen_once_a_step_when_the_tower_is_frozen(settings, tiny_base, graded_rows):
    for frozen, times in ((True, 3), (False, 2)):
        loss = Loss(kl_weight=0.1)
        loop = loop_of(settings, tiny_base, graded_rows, freeze_vision=frozen, loss=loss)
        seen = []
        towers = [loop.engine.policy.model.model.visual, loop.reference.policy.model.model.visual]
        for tower in towers:
            tower.register_forward_hook(lambda *_, seen=seen: seen.append(1))
        loop.advance()
        assert len(seen) == times  # one a prompt; or one for rollout and update, one for the reference


def test_a_checkpoint_that_does_not_verify_is_refused_by_name(settings, tiny_base, graded_rows, tmp_path, monkeypatch):
    store = open_store(str(tmp_path / "store"))
    monkeypatch.setattr("rlvr.rl.train.stop_requested", lambda: True)
    with pytest.raises(Stopped):
        run(settings[0], settings[1], tiny_base, graded_rows, tmp_path, Checkpoints(store, "key"))
    held = max((tmp_path / "store").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
    held.chmod(0o644)
    held.write_bytes(held.read_bytes()[:-1] + b"!")
    with pytest.raises(RlvrError, match="The checkpoint after step 1 .* does not verify"):
        run(settings[0], settings[1], tiny_base, graded_rows, tmp_path, Checkpoints(store, "key"))


def test_rollouts_are_logged_with_their_rows(settings, tiny_base, graded_rows, tmp_path):
    run(replace(settings[0], **OPTIONS["replay, paper"]), settings[1], tiny_base, graded_rows, tmp_path)
    rollouts = pq.read_table(tmp_path / "log/grpo/rollouts.parquet").to_pylist()
    assert len(rollouts) == 4 * 3 * 4 and {row["step"] for row in rollouts} == {1, 2, 3, 4}


def test_a_synchronised_reference_mixes_tied_weights_once(settings, tiny_base, graded_rows):
    from rlvr.rl.reference import Reference

    class Tied(torch.nn.Module):
        def __init__(self, value):
            super().__init__()
            self.config = type("Config", (), {"model_type": "tied"})()
            self.embedding, self.head = torch.nn.Linear(2, 2, bias=False), torch.nn.Linear(2, 2, bias=False)
            self.embedding.weight.data.fill_(value)
            self.head.weight = self.embedding.weight

    engine = type("Engine", (), {"state_dict": lambda self: Tied(1.0).state_dict()})()
    loss = Loss(kl_weight=0.1, reference="synchronised", reference_sync_steps=1, reference_mixup=0.5)
    reference = Reference(loss, engine, None, lambda: Tied(0.0))
    reference.follow(0)
    assert reference.policy.model.head.weight.tolist() == [[0.5, 0.5], [0.5, 0.5]]


def test_pictures_are_not_remembered_where_a_projector_is_trained(settings, tiny_base, graded_rows):
    from rlvr.backbones.backbone import Tiny
    from rlvr.backbones.tiny import build
    from rlvr.rl.train import sees_the_same
    from rlvr.rl.trainable import train_weights

    for architecture, same in (("qwen2_5_vl", True), ("internvl", False)):
        model, _ = build(architecture, Tiny(hidden_size=64, layers=1, vision_size=32, vision_layers=1), ["a b"] * 4)
        train_weights(model, freeze_vision=True)
        assert sees_the_same(model) is same


def test_an_update_without_a_learnt_sample_still_has_a_spare_for_lockstep(settings, tiny_base, graded_rows):
    loop = loop_of(settings, tiny_base, graded_rows, loss=Loss(mask_truncated=True, kl_weight=0.0))
    groups, _ = loop.collector.step(0)
    cut = [replace(sample, truncated=True) for group in groups for sample in group]
    assert loop.updater.groups(cut) == []
    (spare, *_) = loop.updater.groups(cut, everything=True)
    assert not spare.weights.any() and len(spare.samples) == 4


def test_partial_rollouts_pass_over_no_row_and_judge_what_is_trained(settings, tiny_base, graded_rows):
    sampling = replace(settings[0].sampling, max_new_tokens=12)
    options = {"partial_rollouts": PartialRollouts(tokens_per_step=5), "sampling": sampling}
    loop = loop_of(settings, tiny_base, graded_rows, **options)
    begun, offered = [], []
    for step in range(12):
        groups, _ = loop.collector.step(step)
        loop.prompts.forget()
        begun += [group[0].row for group in groups]
        for sample in (sample for group in groups for sample in group):
            assert sample.length <= 12
            assert loop.prompts.encoder.decode(sample.ids.tolist()) == sample.text
    begun += [group[0].row for group in loop.collector.unfinished.pending]
    for step in range(loop.collector.unfinished.asked):
        offered += loop.sampler.indices(step)
    assert sorted(begun + loop.collector.unfinished.waiting) == sorted(offered)


def test_what_cannot_teach_or_go_together_is_refused(settings):
    with pytest.raises(RlvrError, match="sampling.temperature is 0"):
        replace(settings[0], sampling=replace(settings[0].sampling, temperature=0))
    with pytest.raises(RlvrError, match="partial_rollouts go together neither with rethinking"):
        replace(settings[0], partial_rollouts=PartialRollouts(tokens_per_step=5), rethinking=Rethinking())
