"""`rlvr schedule plan` and `rlvr schedule apply`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from rlvr_pipelines.commands.cluster_options import Lock, Unpinned, at_kubeflow
from rlvr_pipelines.commands.option_group import REQUIRED, grouped
from rlvr_pipelines.commands.options import SkipFit
from rlvr_pipelines.kubeflow.connection import Address
from rlvr_pipelines.terminal import Console

schedule = typer.Typer(
    name="schedule",
    help="Recurring runs on Kubeflow, as a file says them: show what would change, and change it.",
    no_args_is_help=True,
)

File = Annotated[Path, typer.Option("-f", "--file", metavar="FILE.yaml", help="The schedules.")]
Prune = Annotated[
    bool, typer.Option("--prune", help="Remove those of this file's group that it does not name any more.")
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What is to be compared with Kubeflow."""

    file: Path
    """The schedules."""
    prune: bool
    """Whether those that the file does not name any more are to go."""
    lock: Path
    """Image digests."""
    allow_unpinned: bool
    """Whether images may be named without digest."""
    skip_fit: bool
    """Whether pipelines that do not fit the GPUs are scheduled all the same."""


from_file = grouped(
    "wish",
    Wish,
    {
        "file": (File, REQUIRED),
        "prune": (Prune, False),
        "lock": (Lock, Path("images/images.lock")),
        "allow_unpinned": (Unpinned, False),
        "skip_fit": (SkipFit, False),
    },
)
"""Gives a command the options that say what the schedules are; it gets them as its `wish`."""


@schedule.command()
@at_kubeflow
@from_file
def plan(wish: Wish, address: Address) -> None:
    """Show what `apply` would change; changes nothing."""
    from rlvr_pipelines.schedules.view import print_change, summary

    console = Console()
    _, _, changes = _compared(wish, address)
    for change in changes:
        print_change(change, console)
    console.print(summary(changes, done=False), highlight=False)


@schedule.command()
@at_kubeflow
@from_file
def apply(wish: Wish, address: Address) -> None:
    """Make Kubeflow's recurring runs those of the file; applying it again changes nothing."""
    from rlvr_pipelines.schedules.apply import apply as carry_out
    from rlvr_pipelines.schedules.view import print_change, summary

    console = Console()
    connection, wishes, changes = _compared(wish, address)
    carry_out(
        connection, changes, group=wishes.group, experiment=wishes.experiment,
        done=lambda change: print_change(change, console),
    )  # fmt: skip
    console.print(summary(changes, done=True), highlight=False)


def _compared(wish: Wish, address: Address) -> tuple[Any, Any, list[Any]]:
    """The connection, the file's content, and what differs from what Kubeflow has."""
    from rlvr_pipelines.kubeflow.connection import connect
    from rlvr_pipelines.schedules.comparison import compare, present, wanted
    from rlvr_pipelines.schedules.schedule_file import read_file

    read = read_file(wish.file)
    wishes = wanted(read, lock=wish.lock, allow_unpinned=wish.allow_unpinned, skip_fit=wish.skip_fit)
    connection = connect(address)
    return connection, read, compare(wishes, present(connection, read.group), prune=wish.prune)
