"""The same graph on one machine: kfp.local runs every stage as a subprocess or in a container of its own.

Results and checkpoints stay in the store. Running again after an interruption goes on where it stopped; running a
finished one again does nothing.
"""

import contextlib
import json
import os
import shutil
import signal
import threading
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TextIO

from rlvr.errors import RlvrError
from rlvr.launch import Stopped
from rlvr.lineage.record import RUN
from rlvr.method import Method
from rlvr.progress import VARIABLE, read
from rlvr.store import open_store
from rlvr_pipelines.profiles import Profile
from rlvr_pipelines.progress_view import ProgressView
from rlvr_pipelines.run_lock import alone
from rlvr_pipelines.stop_signals import stop_signals
from rlvr_pipelines.verification_copy import copy_verification

IMAGES = {f"rlvr-{kind}": "python" for kind in ("data", "train", "evaluate", "lmms-eval")}
"""Image names that the subprocess runner accepts without a remark; it starts none."""


class Runner(Protocol):
    """How stages are started."""

    def images(self, store: str, say: Callable[[str], None]) -> dict[str, str]:
        """Image name -> reference; `RlvrError` when stages cannot run here. `say` shows a line to the user."""

    def runner(self, folder: Path) -> Any:
        """Kubeflow's own runner, for a run whose files are in `folder`."""

    def stop(self) -> None:
        """End what was started and still runs."""


class Subprocesses:
    """Every stage as a subprocess, with this interpreter and its packages."""

    def images(self, store: str, say: Callable[[str], None]) -> dict[str, str]:
        """None is needed."""
        return IMAGES

    def runner(self, folder: Path) -> Any:
        """Kubeflow's subprocess runner."""
        from kfp import local

        return local.SubprocessRunner(use_venv=False)

    def stop(self) -> None:
        """Stages watch the run's lock and end by themselves."""


def run(
    method: Method,
    profile: Profile,
    *,
    home: Path,
    store: str,
    seed: int,
    view: ProgressView,
    runner: Runner | None = None,
) -> Path:
    """Run the method's pipeline and return the run's folder, which then holds `report.html` and `metrics.json`.

    `home` receives `runs/<method>-<profile>-seed<seed>/`; `store` is where artifacts go; stages are started by
    `runner`, as subprocesses by default. A failing stage raises `RlvrError` with the stage's own message. SIGTERM and
    Ctrl-C are passed on to the stages: training saves a checkpoint, and `Stopped` or KeyboardInterrupt follows.
    """
    runner = runner or Subprocesses()
    images = runner.images(store, view.console.print)
    open_store(store).keys("records/")  # a store that cannot be reached is noticed before anything is started
    folder = home / "runs" / f"{method.name.replace('/', '-')}-{profile.name}-seed{seed}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "run.log").touch()
    except OSError as error:
        raise RlvrError(f"{folder} cannot be written: {error.strerror}. Choose another --home.") from error
    with alone(folder) as ask_to_stop, open(folder / "run.log", "a", encoding="utf-8") as log:
        (folder / "progress.jsonl").write_text("")
        view.begin(folder)
        work = partial(_execute, method, profile, folder, store, seed, images, runner)
        outcome, asked = _follow(work, ask_to_stop, runner.stop, folder, view, log)
    events = read(folder / "progress.jsonl")[0]
    copy_verification(events, store, folder)
    if outcome is not None and asked is not None and not any(line.get("event") == "error" for line in events):
        raise KeyboardInterrupt if asked is signal.SIGINT else Stopped("The run was told to stop by SIGTERM.")
    if outcome is not None or not any(line["stage"] == "report" and "outputs" in line for line in events):
        raise RlvrError(_failure(events, folder, outcome)) from outcome
    _collect(events, store, folder)
    if not any(line.get("event") == "start" for line in events):
        view.console.print("Nothing was left to do: every stage had been done before.")
    return folder


def _follow(
    work: Callable[[], None],
    ask_to_stop: Callable[[], None],
    stop: Callable[[], None],
    folder: Path,
    view: ProgressView,
    log: TextIO,
) -> tuple[Exception | None, signal.Signals | None]:
    """Do the work in a thread and show its progress meanwhile, then stop what is left of it.

    Returns what it raised, and the signal by which this command was told to stop.
    """
    raised: list[Exception] = []

    def attempt() -> None:
        try:
            work()
        except Exception as error:
            raised.append(error)

    os.environ[VARIABLE] = str(folder / "progress.jsonl")
    os.environ[RUN] = folder.name
    offset = 0
    thread = threading.Thread(target=attempt, daemon=True)
    with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log), view, stop_signals() as asked:
        try:
            thread.start()
            told = False
            while thread.is_alive():
                thread.join(0.2)
                lines, offset = read(folder / "progress.jsonl", offset)
                view.show(lines)
                if asked() and not told:
                    ask_to_stop()
                    view.stopping()
                    told = True
        finally:
            stop()
            thread.join(1)  # what an interrupted stage still prints belongs in the log
        lines, offset = read(folder / "progress.jsonl", offset)
        view.show(lines)
    return raised[0] if raised else None, asked()


def _execute(
    method: Method, profile: Profile, folder: Path, store: str, seed: int, images: dict[str, str], runner: Runner
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # kfp remarks on settings that only a cluster reads
        from kfp import local

        from rlvr_pipelines.pipeline import build

        graph = build(method, profile, images, store, seed)
        local.init(runner.runner(folder), pipeline_root=str(folder / "pipeline"), raise_on_error=True)
        graph()


def _failure(events: list[dict[str, Any]], folder: Path, outcome: Exception | None) -> str:
    errors = [line for line in events if line.get("event") == "error"]
    if errors:
        return f"Stage {errors[-1]['stage']}: {errors[-1]['message']}"
    stopped = [line for line in events if line.get("event") == "stopped"]
    if stopped:
        return f"{stopped[-1]['message']} Run the same command again to go on."
    stage = events[-1]["stage"] if events else "build"
    cause = f" ({type(outcome).__name__}: {outcome})" if outcome is not None else ""
    return (
        f"Stage {stage} ended without a result{cause}. The log is {folder / 'run.log'}; "
        f"run the same command again to go on from the last checkpoint."
    )


def _collect(events: list[dict[str, Any]], store: str, folder: Path) -> None:
    """Put copies of the report and its numbers where people look."""
    made = next(line["outputs"]["out"] for line in reversed(events) if line["stage"] == "report" and "outputs" in line)
    source = open_store(store).get(made)
    for name in ("report.html", "metrics.json", "summary.md", "README.md"):
        shutil.copyfile(source / name, folder / name)
    digests = {line["stage"]: line["outputs"] for line in events if "outputs" in line}
    (folder / "artifacts.json").write_text(json.dumps(digests, indent=1, sort_keys=True))
