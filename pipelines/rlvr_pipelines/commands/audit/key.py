"""`rlvr audit key FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from rlvr_pipelines.terminal import Console


def key(
    file: Annotated[Path, typer.Argument(metavar="FILE.pem", help="Where the private key goes.")],
    release: Annotated[bool, typer.Option("--release", help="One for `rlvr audit sign`, of the curve P-256.")] = False,
) -> None:
    """Make a key for signing statements or approvals; its public half is written beside it."""
    from rlvr.lineage.keys import SIGNING_KEY, TRUSTED_KEYS, make_key
    from rlvr.lineage.release import make_release_key

    public = make_release_key(file) if release else make_key(file)
    console = Console()
    use = "`rlvr audit sign --key` reads it" if release else f"{SIGNING_KEY} names it to stages"
    folder = "the folder releases/ there" if release else "their folder"
    console.print(f"Private key: {file} (keep it; {use})", markup=False)
    console.print(f"Public key:  {public} (give it to auditors; {TRUSTED_KEYS} names {folder})", markup=False)
