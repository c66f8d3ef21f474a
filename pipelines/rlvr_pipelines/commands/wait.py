"""`rlvr wait RUN`."""

from typing import TYPE_CHECKING, Annotated

import typer

from rlvr_pipelines.commands.cluster_options import RunId, Timeout, at_kubeflow
from rlvr_pipelines.kubeflow.connection import Address
from rlvr_pipelines.terminal import Console

if TYPE_CHECKING:
    from rlvr_pipelines.kubeflow.connection import Connection


@at_kubeflow
def wait(
    run: RunId,
    timeout: Timeout = None,
    poll: Annotated[float, typer.Option("--poll", min=0.01, help="Seconds between two looks.")] = 5.0,
    *,
    address: Address,
) -> None:
    """Wait for a run on Kubeflow. Exit codes: 0 succeeded, 1 failed, 3 still running after --timeout, 4 cancelled."""
    from rlvr.patience import Patience
    from rlvr_pipelines.kubeflow.connection import connect

    connection = connect(address, Patience(total_seconds=900.0))  # an upgrade of Kubeflow must not end a wait of days
    follow(connection, run, timeout, Console(), poll)


def follow(connection: "Connection", run: str, timeout: float | None, console: Console, poll: float = 5.0) -> None:
    """Show the run until it ends; any end but success leaves by its exit code."""
    from rlvr_pipelines.kubeflow.wait_view import WaitView
    from rlvr_pipelines.kubeflow.waiting import EXIT_CODES, STILL_RUNNING
    from rlvr_pipelines.kubeflow.waiting import wait as wait_for

    with WaitView(console) as view:
        state = wait_for(connection, run, show=view.show, poll_seconds=poll, timeout_seconds=timeout)
    view.end(state)
    if code := EXIT_CODES.get(state.state, STILL_RUNNING):
        raise typer.Exit(code)
