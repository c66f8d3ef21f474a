"""`rlvr audit diff A B`."""

from typing import Annotated

import typer

from rlvr_pipelines.commands.audit.options import HOME, Artifact, Json, Keys, Store
from rlvr_pipelines.terminal import Console


def diff(
    first: Artifact,
    second: Annotated[str, typer.Argument(metavar="OTHER", help="Another one, named in the same way.")],
    store: Store = HOME,
    keys: Keys = None,
    json: Json = False,
) -> None:
    """Show why two artifacts differ: data, parameters, code, images and machines behind them."""
    from rlvr.canonical import plain
    from rlvr.lineage.difference import differences
    from rlvr_pipelines.audit import audited
    from rlvr_pipelines.audit_view import print_differences

    opened = audited(store, keys, Console(stderr=True))
    found = differences(opened.graph, opened.artifact(first), opened.artifact(second))
    if json:
        from json import dumps

        print(dumps([plain(one) for one in found], indent=1, sort_keys=True))
    else:
        print_differences(found, Console())
