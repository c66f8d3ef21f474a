"""`rlvr audit impact NAME`."""

from pathlib import Path
from typing import Annotated

import typer

from rlvr_pipelines.commands.audit.options import HOME, Json, Keys, Store
from rlvr_pipelines.terminal import Console


def impact(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="A run's folder, digest, row id, image, commit, licence, or address."),
    ],
    store: Store = HOME,
    keys: Keys = None,
    json: Json = False,
) -> None:
    """Show everything that was made with something which turned out bad."""
    from rlvr.lineage.impact import impact as asked
    from rlvr_pipelines.audit import audited
    from rlvr_pipelines.audit_view import impact_told, print_impact

    opened = audited(store, keys, Console(stderr=True))
    found = asked(opened.store, opened.graph, opened.artifact(name) if Path(name).is_dir() else name)
    if json:
        from json import dumps

        print(dumps(impact_told(found), indent=1, sort_keys=True))
    else:
        print_impact(found, Console())
