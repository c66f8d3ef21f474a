"""`rlvr gc`."""

from typing import Annotated

import typer

from rlvr_pipelines.commands.audit.options import HOME, Json, Keys, Store
from rlvr_pipelines.terminal import Console


def gc(
    store: Store = HOME,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="ARTIFACT", help="A run's folder or a digest; may be repeated."),
    ] = None,
    days: Annotated[float, typer.Option("--days", help="Keep what was made or used in so many days.")] = 30.0,
    delete: Annotated[bool, typer.Option("--delete", help="Remove it; without this it is only listed.")] = False,
    keys: Keys = None,
    json: Json = False,
) -> None:
    """List, or remove, artifacts that nothing kept was made from: a dry run unless --delete is given."""
    from rlvr_pipelines.collect import collect, print_leftovers

    found = collect(store, keys, keep or (), days, delete=delete, console=Console(stderr=True))
    if json:
        from json import dumps

        from rlvr.canonical import plain

        print(dumps(plain(found), indent=1, sort_keys=True))
    else:
        print_leftovers(found, Console(), deleted=delete)
