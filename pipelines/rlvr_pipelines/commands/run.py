"""`rlvr run METHOD`."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from rlvr.errors import RlvrError
from rlvr_pipelines.commands.options import (
    Base,
    Columns,
    Data,
    Files,
    Home,
    MethodName,
    ProfileName,
    Rewards,
    Settings,
    StoreUrl,
)
from rlvr_pipelines.terminal import Console


class RunnerName(StrEnum):
    """How stages are started."""

    SUBPROCESS = "subprocess"
    DOCKER = "docker"


def run(
    name: MethodName,
    profile: ProfileName = "laptop",
    seed: Annotated[int, typer.Option("--seed", help="Seed of data, order and sampling.")] = 0,
    home: Home = Path(".rlvr"),
    store: StoreUrl = "",
    data: Data = "",
    files: Files = "",
    columns: Columns = "",
    base: Base = "",
    reward: Rewards = None,
    set_: Settings = None,
    runner: Annotated[
        RunnerName,
        typer.Option(
            "--runner", help="Stages as subprocesses, or each in its container (Docker or Podman; --store s3://...)."
        ),
    ] = RunnerName.SUBPROCESS,
    lock: Annotated[
        Path, typer.Option("--lock", help="Image digests for --runner docker; images that it lacks are local ones.")
    ] = Path("images/images.lock"),
) -> None:
    """Run a method's whole pipeline here; an interrupted run goes on where it stopped."""
    from rlvr.launch import EXIT_CODE, Stopped
    from rlvr_pipelines.containers import Containers
    from rlvr_pipelines.local import Runner, Subprocesses
    from rlvr_pipelines.local import run as run_here
    from rlvr_pipelines.methods import method
    from rlvr_pipelines.own import with_own
    from rlvr_pipelines.profiles import profile as find_profile
    from rlvr_pipelines.progress_view import ProgressView
    from rlvr_pipelines.summary import print_summary

    console = Console(file=sys.stdout)
    chosen = method(name)
    sized = with_own(
        find_profile(profile, name), data=data, files=files, columns=columns, base=base, rewards=reward or (),
        settings=set_ or (),
    )  # fmt: skip
    scaled = sized.scaled(chosen)
    about = escape(f"on the {sized.name} profile, seed {seed}: {sized.description}")
    console.print(f"[bold]{escape(chosen.title)}[/bold] {about}")
    for entry in scaled.tasks:
        location = entry.source.location
        if "://" not in location and not location.startswith("hub") and location != "synthetic":
            _require_folder(location, f"task {entry.name}")
    where = store or str((home / "store").resolve())
    starter: Runner = Containers(chosen, sized, lock=lock) if runner is RunnerName.DOCKER else Subprocesses()
    view = ProgressView(console)
    try:
        folder = run_here(chosen, sized, home=home.resolve(), store=where, seed=seed, view=view, runner=starter)
    except Stopped as stopped:
        Console(stderr=True).print(f"{stopped} Run the same command to go on.")
        sys.exit(EXIT_CODE)
    print_summary(folder, console)


def _require_folder(location: str, what: str) -> None:
    if not Path(location).is_dir():
        raise RlvrError(
            f"The folder {location} of {what} does not exist. Give a folder with the data set's files, "
            f"s3://bucket/prefix, hub:ID@<40-hex commit>, or synthetic."
        )
