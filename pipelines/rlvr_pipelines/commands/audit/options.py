"""Arguments and options of the audit commands."""

from pathlib import Path
from typing import Annotated

import typer

Artifact = Annotated[
    str, typer.Argument(metavar="ARTIFACT", help="A run's folder (its final model), a digest, or its beginning.")
]
Keys = Annotated[
    Path | None,
    typer.Option("--keys", metavar="DIR", help="Public keys (*.pub) that you trust; those of people in approvers/."),
]
Store = Annotated[
    str, typer.Option("--store", envvar="RLVR_STORE", help="Artifact store: a folder or s3://bucket/prefix.")
]
Witness = Annotated[
    Path | None,
    typer.Option(
        "--witness", metavar="FILE.json", help="Where to remember the ledger's end, so that one put back is noticed."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]

HOME = ".rlvr/store"
"""Where `rlvr run` keeps artifacts when nothing else is said."""
