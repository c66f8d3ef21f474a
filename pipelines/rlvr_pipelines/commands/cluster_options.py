"""Options of the commands that talk to Kubeflow Pipelines."""

from pathlib import Path
from typing import Annotated

import typer

from rlvr_pipelines.commands.option_group import grouped
from rlvr_pipelines.kubeflow.connection import Address

Host = Annotated[
    str,
    typer.Option(
        "--host", envvar="KF_PIPELINES_ENDPOINT", help="URL of the API; without it, this cluster's or kubeconfig's."
    ),
]
Namespace = Annotated[
    str,
    typer.Option("--namespace", envvar="RLVR_KFP_NAMESPACE", help="Yours, where users are kept apart by namespaces."),
]
TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", help="File with a token; else RLVR_KFP_TOKEN, RLVR_KFP_TOKEN_FILE or the pod's own."),
]
Context = Annotated[str, typer.Option("--context", help="Context of the kubeconfig.")]
Authority = Annotated[Path | None, typer.Option("--ca", help="Certificate of the authority that signed the server's.")]
SystemNamespace = Annotated[
    str, typer.Option("--system-namespace", help="Where Kubeflow Pipelines itself is installed.")
]
Ui = Annotated[
    str, typer.Option("--ui", envvar="KF_PIPELINES_UI_ENDPOINT", help="URL of its web pages, if not the API's.")
]
Lock = Annotated[Path, typer.Option("--lock", help="Image digests.")]
Unpinned = Annotated[bool, typer.Option("--allow-unpinned", help="Accept images without digest.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="The id that `rlvr submit` printed.")]
Timeout = Annotated[
    float | None,
    typer.Option("--timeout", metavar="SECONDS", min=0, help="Stop waiting after this time (exit code 3)."),
]

at_kubeflow = grouped(
    "address",
    Address,
    {
        "host": (Host, ""),
        "namespace": (Namespace, ""),
        "token_file": (TokenFile, None),
        "context": (Context, ""),
        "ca": (Authority, None),
        "system_namespace": (SystemNamespace, "kubeflow"),
        "ui": (Ui, ""),
    },
)
"""Gives a command the options that say where Kubeflow Pipelines is and who asks; it gets them as its `address`."""
