"""Whole runs whose processes are killed again and again, or told to end, in any stage: the results keep their bytes."""

import random
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import table
from disturbed_run import DisturbedRun

TRAINING = ("sft", "grpo", "dpo")

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds the run's processes in /proc")


@dataclass(frozen=True, kw_only=True)
class Undisturbed:
    """A run that nothing happened to."""

    run: DisturbedRun
    results: dict[str, str]
    seconds: dict[str, float]
    """From the end of the stage before to the end of each stage, in order."""

    @property
    def stages(self) -> tuple[str, ...]:
        """All stages, in order."""
        return tuple(self.seconds)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """By number of ranks, when first asked for."""
    made: dict[int, Undisturbed] = {}

    def make(processes: int = 1) -> Undisturbed:
        if processes not in made:
            run = DisturbedRun(tmp_path_factory.mktemp(f"undisturbed-{processes}"), processes=processes)
            began = time.time()
            run.start()
            run.finish()
            ends = {line["stage"]: line["time"] for line in run.progress() if line.get("event") == "done"}
            starts = [began, *ends.values()]
            seconds = {stage: end - start for (stage, end), start in zip(ends.items(), starts, strict=False)}
            made[processes] = Undisturbed(run=run, results=run.results(), seconds=seconds)
        return made[processes]

    return make


def moments(count: int, seed: int, stages: tuple[str, ...]) -> list[tuple[str, float]]:
    """When to disturb a run: stages in order, evenly many times each, and the share of the time since the one before.

    Every second moment is in the stage's body, the others may be in its start-up, too.
    """
    draw = random.Random(seed)
    if count < len(stages):
        chosen = sorted(draw.sample(stages, count), key=stages.index)
    else:
        chosen = [stages[number * len(stages) // count] for number in range(count)]
    return [(stage, draw.random()) for stage in chosen]


def last_begun(run: DisturbedRun) -> str:
    """The stage that the run was in."""
    begun = [line["stage"] for line in run.progress() if line.get("event") in ("start", "known")]
    return begun[-1] if begun else "before the first stage"


def check(run: DisturbedRun, whole: Undisturbed, fault: str, places: list[str]) -> None:
    """The results are those of the undisturbed run and nothing is left of what was killed."""
    results = run.results()
    lost = results != whole.results
    for place in places:
        table.record("whole run", f"{fault} ({place})", tried=1, repeated=1, lost=int(lost))
    assert results == whole.results
    assert {"base/model", "sft/model", "grpo/model", "dpo/model", "evaluate tuned/predictions"} <= results.keys()
    assert run.leftovers() == []


def terminated(run: DisturbedRun, stage: str) -> bool:
    """SIGTERM to the process of a stage in its middle, as a kubelet sends it; False when the stage was over before."""
    run.start()
    training = stage in TRAINING
    if not run.wait_for(stage, step=1 if training else 0):
        return False
    run.terminate_stage()
    if run.end() == 0:
        return False
    if training:
        told = run.printed()
        assert f"{stage}: stopped; it goes on when it is run again" in told, told
        assert run.documents("checkpoints/")
    return True


def killed_and_finished(
    run: DisturbedRun, whole: Undisturbed, kills: int, seed: int, stages: tuple[str, ...] = ()
) -> list[str]:
    """Kill every process of the run, ranks and workers included, again and again, then let it finish."""
    places = []
    for number, (stage, share) in enumerate(moments(kills, seed, stages or whole.stages)):
        run.start()
        position = whole.stages.index(stage)
        if number % 2:
            there, share = run.wait_for(*whole.stages[position:]), share / 2
        else:
            there = run.wait_until_after(whole.stages[:position])
        if there:
            time.sleep(share * whole.seconds[stage])
        place = last_begun(run)
        if run.kill():  # it may have been quicker than the undisturbed one, and be done
            places.append(place)
    run.start()
    run.finish()
    assert places
    return places


def test_a_run_that_is_told_to_end_and_killed_twice_ends_with_the_same_bytes(undisturbed, tmp_path):
    whole, run = undisturbed(), DisturbedRun(tmp_path)
    told = terminated(run, "sft")
    places = killed_and_finished(run, whole, 2, seed=2, stages=("grpo", "dpo"))
    check(run, whole, "kill -9", places)
    table.record("whole run", "SIGTERM (sft)", tried=1, repeated=1)
    assert told


@pytest.mark.faults
@pytest.mark.parametrize("processes", [1, 2], ids=["one-process", "two-ranks"])
def test_a_run_that_is_killed_twenty_times_ends_with_the_same_bytes(processes, undisturbed, tmp_path):
    whole = undisturbed(processes)
    run = DisturbedRun(tmp_path, processes=processes)
    places = killed_and_finished(run, whole, 20, seed=20 + processes)
    check(run, whole, "kill -9" if processes == 1 else "kill -9, two ranks", places)


@pytest.mark.faults
def test_so_does_one_whose_store_is_in_s3(undisturbed, s3_server, tmp_path):
    """The server is in this process, which survives."""
    whole = undisturbed()
    run = DisturbedRun(tmp_path, store="s3://models/killed", RLVR_CACHE=str(tmp_path / "cache"))
    places = killed_and_finished(run, whole, 20, seed=40)
    check(run, whole, "kill -9, store in S3", places)


@pytest.mark.faults
@pytest.mark.parametrize("processes", [1, 2], ids=["one-process", "two-ranks"])
def test_stages_that_are_told_to_end_save_and_go_on(processes, undisturbed, tmp_path):
    whole = undisturbed(processes)
    run = DisturbedRun(tmp_path, processes=processes)
    stages = ("base", *TRAINING, "evaluate tuned") if processes == 1 else TRAINING  # others are over in a moment
    places = [stage for stage in stages if terminated(run, stage)]
    run.start()
    run.finish()
    check(run, whole, "SIGTERM" if processes == 1 else "SIGTERM, two ranks", places)
    assert {"grpo", "sft"} <= {*places}


def test_a_finished_run_is_left_as_it_is(undisturbed):
    whole = undisturbed()
    before, results = whole.run.written(), whole.run.run / "artifacts.json"
    digests = results.read_text()
    whole.run.start()
    output = whole.run.finish()
    after = whole.run.written()
    changed = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
    table.record("whole run", "finished run run again", tried=1, lost=int(bool(changed)))
    assert changed == [] and results.read_text() == digests
    events = whole.run.progress()
    assert {line["stage"] for line in events if line.get("event") == "known"} == set(whole.stages)
    assert not [line for line in events if line.get("event") == "start"]
    assert "Nothing was left to do: every stage had been done before." in output


@pytest.mark.faults
def test_two_runs_of_the_same_at_the_same_time_end_alike(undisturbed, tmp_path):
    whole = undisturbed()
    store = str(tmp_path / "store")
    runs = [DisturbedRun(tmp_path / name, store=store) for name in ("one", "two")]
    for run in runs:
        run.start()
    for run in runs:
        run.finish()
    results = [run.results() for run in runs]
    table.record("whole run", "two at a time in one store", tried=2, lost=sum(one != whole.results for one in results))
    assert results == [whole.results] * 2
    assert [run.leftovers() for run in runs] == [[], []]
    for digest in runs[0].artifacts():
        runs[0].open_store().verify(digest)
    assert runs[0].command("audit", "verify", str(runs[1].run), "--store", store)
