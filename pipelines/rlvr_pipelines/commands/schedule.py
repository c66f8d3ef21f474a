"""`rlvr schedule plan` and `rlvr schedule apply`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from rlvr_pipelines.commands.cluster_options import (
    Authority,
    Context,
    Host,
    Lock,
    Namespace,
    SystemNamespace,
    TokenFile,
    Ui,
    Unpinned,
)

schedule = typer.Typer(
    name="schedule",
    help="Recurring runs on Kubeflow, as a file says them: show what would change, and change it.",
    no_args_is_help=True,
)

File = Annotated[Path, typer.Option("-f", "--file", metavar="FILE.yaml", help="The schedules.")]
Prune = Annotated[
    bool, typer.Option("--prune", help="Remove those of this file's group that it does not name any more.")
]


@schedule.command()
def plan(
    file: File,
    prune: Prune = False,
    host: Host = "",
    namespace: Namespace = "",
    token_file: TokenFile = None,
    context: Context = "",
    ca: Authority = None,
    system_namespace: SystemNamespace = "kubeflow",
    ui: Ui = "",
    lock: Lock = Path("images/images.lock"),
    allow_unpinned: Unpinned = False,
) -> None:
    """Show what `apply` would change; changes nothing."""
    from rlvr_pipelines.kubeflow.connection import Address
    from rlvr_pipelines.schedules.view import print_change, summary

    address = Address(
        host=host, namespace=namespace, token_file=token_file, ca=ca, context=context,
        system_namespace=system_namespace, ui=ui,
    )  # fmt: skip
    console = Console()
    _, _, changes = _compared(file, prune, address, lock, allow_unpinned)
    for change in changes:
        print_change(change, console)
    console.print(summary(changes, done=False), highlight=False)


@schedule.command()
def apply(
    file: File,
    prune: Prune = False,
    host: Host = "",
    namespace: Namespace = "",
    token_file: TokenFile = None,
    context: Context = "",
    ca: Authority = None,
    system_namespace: SystemNamespace = "kubeflow",
    ui: Ui = "",
    lock: Lock = Path("images/images.lock"),
    allow_unpinned: Unpinned = False,
) -> None:
    """Make Kubeflow's recurring runs those of the file; applying it again changes nothing."""
    from rlvr_pipelines.kubeflow.connection import Address
    from rlvr_pipelines.schedules.apply import apply as carry_out
    from rlvr_pipelines.schedules.view import print_change, summary

    address = Address(
        host=host, namespace=namespace, token_file=token_file, ca=ca, context=context,
        system_namespace=system_namespace, ui=ui,
    )  # fmt: skip
    console = Console()
    connection, wishes, changes = _compared(file, prune, address, lock, allow_unpinned)
    carry_out(
        connection, changes, group=wishes.group, experiment=wishes.experiment,
        done=lambda change: print_change(change, console),
    )  # fmt: skip
    console.print(summary(changes, done=True), highlight=False)


def _compared(file: Path, prune: bool, address: Any, lock: Path, allow_unpinned: bool) -> tuple[Any, Any, list[Any]]:
    """The connection, the file's content, and what differs from what Kubeflow has."""
    from rlvr_pipelines.kubeflow.connection import connect
    from rlvr_pipelines.schedules.comparison import compare, present, wanted
    from rlvr_pipelines.schedules.schedule_file import read_file

    read = read_file(file)
    wishes = wanted(read, lock=lock, allow_unpinned=allow_unpinned)
    connection = connect(address)
    return connection, read, compare(wishes, present(connection, read.group), prune=prune)
