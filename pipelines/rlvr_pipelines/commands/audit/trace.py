"""`rlvr audit trace ARTIFACT`."""

from rlvr_pipelines.commands.audit.options import HOME, Artifact, Json, Keys, Store
from rlvr_pipelines.terminal import Console


def trace(artifact: Artifact, store: Store = HOME, keys: Keys = None, json: Json = False) -> None:
    """Show what an artifact was made from: stages, data, code, images and parameters, back to the sources."""
    from rlvr.errors import RlvrError
    from rlvr_pipelines.audit import audited
    from rlvr_pipelines.audit_view import print_trace, traced

    opened = audited(store, keys, Console(stderr=True))
    digest = opened.artifact(artifact)
    steps = list(opened.graph.back(digest))
    if not steps:
        raise RlvrError(f"No trusted statement says how {digest} was made; `rlvr audit verify` says what is wrong.")
    if json:
        from json import dumps

        print(dumps([traced(step) for step in steps], indent=1, sort_keys=True))
    else:
        print_trace(opened.graph, digest, Console())
