"""The licences that flow into an artifact."""

from collections import defaultdict

from rlvr.lineage.graph import Graph, read_by


def licences(graph: Graph, digest: str) -> dict[str, list[str]]:
    """Licence -> names of what came under it, over everything behind an artifact; both sorted."""
    found: dict[str, set[str]] = defaultdict(set)
    for step in graph.back(digest):
        for resource in read_by(step.entry):
            if licence := resource.get("annotations", {}).get("licence"):
                found[str(licence)].add(resource["name"].partition("/")[0])
    return {licence: sorted(names) for licence, names in sorted(found.items())}
