"""`rlvr audit approve ARTIFACT --key FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from rlvr_pipelines.commands.audit.options import HOME, Artifact, Keys, Store
from rlvr_pipelines.terminal import Console


def approve(
    artifact: Artifact,
    key: Annotated[Path, typer.Option("--key", metavar="FILE.pem", help="Your own private key.")],
    name: Annotated[str, typer.Option("--name", help="Who you are, as others shall read it.")],
    note: Annotated[str, typer.Option("--note", help="Why you accept it.")] = "",
    store: Store = HOME,
    keys: Keys = None,
) -> None:
    """Sign that you accept an artifact, after checking that it stands up."""
    from rlvr.lineage import ledger
    from rlvr.lineage.keys import read_signer
    from rlvr.lineage.record import now
    from rlvr.lineage.statement import Resource, approval
    from rlvr_pipelines.audit import accepted

    console = Console()
    signer = read_signer(key)
    opened, digest = accepted(artifact, store, keys, "approved")
    about = Resource(name="artifact", digest={"sha256": digest})
    number = ledger.append(opened.store, approval(about, name, note, ["approved"], now()), signer)
    console.print(f"Approved {digest[:12]} as {name}: statement {number}.", markup=False)
    if signer.public_key.keyid not in opened.keys.approvers:
        console.print(
            f"Your public key is not among the approvers of {opened.keys.place}: others will count this approval once "
            f"{key.with_suffix('.pub').name} lies in the folder approvers/ there.",
            markup=False,
        )
