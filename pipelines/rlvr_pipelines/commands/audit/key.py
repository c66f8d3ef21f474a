"""`rlvr audit key FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from rlvr_pipelines.terminal import Console


def key(
    file: Annotated[Path, typer.Argument(metavar="FILE.pem", help="Where the private key goes.")],
) -> None:
    """Make a key for signing statements or approvals; its public half is written beside it."""
    from rlvr.lineage.keys import SIGNING_KEY, TRUSTED_KEYS, make_key

    public = make_key(file)
    console = Console()
    console.print(f"Private key: {file} (keep it; {SIGNING_KEY} names it to stages)", markup=False)
    console.print(f"Public key:  {public} (give it to auditors; {TRUSTED_KEYS} names their folder)", markup=False)
