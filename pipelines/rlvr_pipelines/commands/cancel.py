"""`rlvr cancel RUN`."""

from rich.console import Console

from rlvr_pipelines.commands.cluster_options import (
    Authority,
    Context,
    Host,
    Namespace,
    RunId,
    SystemNamespace,
    TokenFile,
    Ui,
)


def cancel(
    run: RunId,
    host: Host = "",
    namespace: Namespace = "",
    token_file: TokenFile = None,
    context: Context = "",
    ca: Authority = None,
    system_namespace: SystemNamespace = "kubeflow",
    ui: Ui = "",
) -> None:
    """Cancel a run on Kubeflow; finished stages and checkpoints stay in the store."""
    from rlvr_pipelines.kubeflow.connection import Address, connect
    from rlvr_pipelines.kubeflow.waiting import cancel as cancel_run

    connection = connect(
        Address(
            host=host, namespace=namespace, token_file=token_file, ca=ca, context=context,
            system_namespace=system_namespace, ui=ui,
        )
    )  # fmt: skip
    before = cancel_run(connection, run)
    if before.ended:
        Console(highlight=False).print(f"The run {run} has ended already ({before.state.lower()}); nothing to cancel.")
    else:
        Console(highlight=False).print(f"The run {run} is being cancelled; `rlvr wait {run}` waits for its end.")
