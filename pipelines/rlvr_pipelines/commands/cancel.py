"""`rlvr cancel RUN`."""

from rlvr_pipelines.commands.cluster_options import RunId, at_kubeflow
from rlvr_pipelines.kubeflow.connection import Address
from rlvr_pipelines.terminal import Console


@at_kubeflow
def cancel(run: RunId, *, address: Address) -> None:
    """Cancel a run on Kubeflow; finished stages and checkpoints stay in the store."""
    from rlvr_pipelines.kubeflow.connection import connect
    from rlvr_pipelines.kubeflow.waiting import cancel as cancel_run

    connection = connect(address)
    before = cancel_run(connection, run)
    if before.ended:
        Console(highlight=False).print(f"The run {run} has ended already ({before.state.lower()}); nothing to cancel.")
    else:
        Console(highlight=False).print(f"The run {run} is being cancelled; `rlvr wait {run}` waits for its end.")
