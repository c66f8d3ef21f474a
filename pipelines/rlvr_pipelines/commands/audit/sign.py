"""`rlvr audit sign ARTIFACT --key FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from rlvr_pipelines.commands.audit.options import HOME, Artifact, Keys, Store
from rlvr_pipelines.terminal import Console


def sign(
    artifact: Artifact,
    key: Annotated[Path, typer.Option("--key", metavar="FILE.pem", help="A key of `rlvr audit key --release`.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.sig", help="Also write the signature here.")
    ] = None,
    store: Store = HOME,
    keys: Keys = None,
) -> None:
    """Sign a model for release in the OpenSSF's form, after checking that it stands up."""
    from rlvr.lineage.release import sign_release
    from rlvr_pipelines.audit import accepted

    opened, digest = accepted(artifact, store, keys, "signed")
    name = sign_release(opened.store, digest, key)
    console = Console()
    console.print(f"Signed {digest[:12]}: {name} in {opened.store.url}.", markup=False)
    if output is not None:
        output.write_text(opened.store.read(name) or "", encoding="utf-8")
        public = key.with_suffix(".pub")
        console.print(
            f"Others check a copy with: model_signing verify key --signature {output} --public_key {public} FOLDER",
            markup=False,
        )
