"""The graph behind an artifact as a drawing: stages in columns from sources to the artifact, lines for what was read.

A stage stands one column to the right of the last thing that it read. Names that are too long for their box lose
their middle.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rlvr.lineage.entry import Entry
from rlvr.lineage.graph import Graph, Step, label, read_by
from rlvr.report.svg import drawing, element, path, words

WIDTH_PX, HEIGHT_PX = 144, 44
"""Size of a box."""
GAP_PX, ROW_PX = 52, 62
"""Space between columns, and from one row to the next."""
EDGE_PX = 2
"""Room for the lines of the outermost boxes."""
CHARACTERS = 18
"""Characters of a name that fit into a box."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A box of the drawing."""

    name: str
    """Its first line: the stage or the source."""
    under: str
    """Its second line: the digest of what was made, or the kind of source."""
    before: tuple[str, ...]
    """Keys of the boxes whose things it read."""
    kind: str
    """`stage`, `source` or `asked`; a class of the style sheet."""


def draw(graph: Graph, digest: str) -> tuple[Markup, int]:
    """The stages behind `digest` and the sources that they read, and the drawing's natural width in pixels."""
    steps = list(graph.back(digest))
    nodes = _nodes(steps, {step.entry.index: step for step in steps}, graph)
    columns = _columns(nodes)
    rows: dict[int, list[str]] = defaultdict(list)
    for key in nodes:
        rows[columns[key]].append(key)
    places = {
        key: (EDGE_PX + column * (WIDTH_PX + GAP_PX), EDGE_PX + place * ROW_PX)
        for column, keys in rows.items()
        for place, key in enumerate(keys)
    }
    width = (max(columns.values(), default=0) + 1) * (WIDTH_PX + GAP_PX) - GAP_PX + 2 * EDGE_PX
    height = max(map(len, rows.values()), default=1) * ROW_PX - (ROW_PX - HEIGHT_PX) + 2 * EDGE_PX
    lines = [_line(places[before], places[key]) for key, node in nodes.items() for before in node.before]
    boxes = [part for key, node in nodes.items() for part in _box(node, places[key])]
    said = (
        f"{len(steps)} stages lead from {sum(node.kind == 'source' for node in nodes.values())} sources to the artifact"
    )
    return drawing(width, height, said, [*lines, *boxes]), width


def _nodes(steps: Sequence[Step], known: Mapping[int, Step], graph: Graph) -> dict[str, Node]:
    """Boxes by key, the earliest stages first."""
    nodes: dict[str, Node] = {}
    for step in sorted(steps, key=lambda step: step.entry.index):
        before = []
        for resource in read_by(step.entry):
            if resource["name"] in ("code", "image", "pipeline"):
                continue
            maker = _maker(graph, known, step.entry, resource.get("digest", {}).get("sha256", ""))
            key = f"stage {maker.index}" if maker else f"source {resource['name'].partition('/')[0]}"
            if maker is None and key not in nodes:
                under = str(resource.get("uri", "")).partition("@")[0] or "not explained"
                nodes[key] = Node(name=resource["name"].partition("/")[0], under=under, before=(), kind="source")
            before.append(key)
        kind = "asked" if step.depth == 0 else "stage"
        made = step.through[:12]
        nodes[f"stage {step.entry.index}"] = Node(
            name=label(step.entry), under=made, before=tuple(dict.fromkeys(before)), kind=kind
        )
    return nodes


def _maker(graph: Graph, known: Mapping[int, Step], reader: Entry, digest: str) -> Entry | None:
    return next((one for one in graph.makers.get(digest, []) if one.index < reader.index and one.index in known), None)


def _columns(nodes: Mapping[str, Node]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for key, node in nodes.items():  # what a box reads stands before it
        columns[key] = max((columns[before] + 1 for before in node.before if before in columns), default=0)
    return columns


def _line(start: tuple[int, int], end: tuple[int, int]) -> Markup:
    x1, y1, x2, y2 = start[0] + WIDTH_PX, start[1] + HEIGHT_PX / 2, end[0], end[1] + HEIGHT_PX / 2
    middle = x2 - GAP_PX / 2
    return path([(x1, y1), (middle, y1), (middle, y2), (x2, y2)], "way")


def _box(node: Node, place: tuple[int, int]) -> list[Markup]:
    x, y = place
    shape = {"x": x, "y": y, "width": WIDTH_PX, "height": HEIGHT_PX, "rx": 6, "class": f"box {node.kind}"}
    middle = x + WIDTH_PX / 2
    return [
        element("rect", shape),
        words(middle, y + 18, _cut(node.name), "value"),
        words(middle, y + 34, _cut(node.under), "under"),
    ]


def _cut(text: str) -> str:
    """Without its middle: what tells two names apart is often their end."""
    if len(text) <= CHARACTERS:
        return text
    kept = CHARACTERS - 1
    return f"{text[: kept - kept // 2]}…{text[-(kept // 2) :]}"
