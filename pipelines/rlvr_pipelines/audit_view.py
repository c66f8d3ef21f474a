"""Audits on the terminal and as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from rlvr.canonical import plain
from rlvr.lineage.audit import Verdict
from rlvr.lineage.check_words import check_words
from rlvr.lineage.difference import Difference
from rlvr.lineage.entry import Entry
from rlvr.lineage.finding import Finding
from rlvr.lineage.graph import Graph, Step, label, read_by
from rlvr.lineage.impact import Impact, made

STYLES = {"failure": "bold red", "warning": "yellow"}
SHORT = 12
"""Characters of a digest that people are shown."""
SHOWN = 20
"""Digests, addresses and steps that are shown of a long list."""


def told(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON."""
    return {**plain(verdict), "passed": verdict.passed, "stands": verdict.stands}


def traced(step: Step) -> dict[str, Any]:
    """A statement behind an artifact as JSON."""
    return {"depth": step.depth, "through": step.through, "index": step.entry.index, "statement": step.entry.statement}


def impact_told(found: Impact) -> dict[str, Any]:
    """An impact as JSON."""
    steps = [{"depth": step.depth, "label": label(step.entry), "made": step.entry.subjects} for step in found.steps]
    named = {"kind": found.kind, "name": found.name, "found_in": list(found.found_in)}
    return {**named, "steps": steps, "consumed": [plain(one) for one in found.consumed]}


def print_verdict(verdict: Verdict, console: Console) -> None:
    """What does not hold, the licences behind the artifact, and the verdict."""
    print_findings(verdict.findings, console)
    table = _table("licence", "of")
    for licence, names in verdict.licences.items():
        table.add_row(escape(licence), escape(", ".join(names)))
    if verdict.licences:
        console.print(table)
        console.print()
    for name in verdict.released_by:
        console.print(f"signed for release by {escape(name)}")
    word = "[bold red]does not stand up[/bold red]"
    if verdict.passed:
        word = "[bold green]stands up[/bold green]"
    elif verdict.stands:
        word = "[bold red]stands up, and does not meet the policy[/bold red]"
    console.print(
        f"{verdict.digest[:SHORT]} {word}: {verdict.statements:,} statements checked, the bytes of {verdict.checked} "
        f"artifacts read again."
    )


def print_findings(findings: Sequence[Finding], console: Console) -> None:
    """A table of findings; nothing when there are none."""
    table = _table("", "finding", "about", "what was found")
    for finding in findings:
        about = finding.what[:SHORT] if len(finding.what) == 64 else finding.what
        style = STYLES[finding.severity]
        table.add_row(f"[{style}]{finding.severity}[/]", escape(finding.kind), escape(about), escape(finding.message))
    if findings:
        console.print(table)
        console.print()


def print_trace(graph: Graph, digest: str, console: Console) -> None:
    """The stages behind an artifact as a tree; what came up before is not unfolded again."""
    steps = {step.entry.index: step for step in graph.back(digest)}
    first = next(iter(steps.values()))
    seen: set[int] = set()
    console.print(_branch(graph, first.entry, digest, steps, seen))


def _branch(graph: Graph, entry: Entry, digest: str, steps: Mapping[int, Step], seen: set[int]) -> Tree:
    definition = entry.statement["predicate"]["buildDefinition"]
    metadata = entry.statement["predicate"]["runDetails"]["metadata"]
    head = f"[bold]{escape(label(entry))}[/bold] made {digest[:SHORT]}"
    if entry.index in seen:
        return Tree(f"{head} (see above)")
    seen.add(entry.index)
    when = str(metadata.get("finishedOn", ""))[:19].replace("T", " ")
    tree = Tree(f"{head}  [dim]statement {entry.index}, {escape(when)}[/dim]")
    for subject in entry.subjects:
        for check in graph.about.get(subject, []):
            tree.add(_told_check(check))
    parameters = definition["externalParameters"].get("parameters", {})
    tree.add(f"[dim]ran {escape(_where(entry))}[/dim]")
    tree.add(f"[dim]parameters: {escape(_parameters(parameters))}[/dim]")
    for resource in read_by(entry):
        found = resource.get("digest", {})
        earlier = [
            maker for maker in graph.makers.get(found.get("sha256", ""), [])
            if maker.index in steps and maker.index < entry.index
        ]  # fmt: skip
        if earlier:
            tree.add(_branch(graph, earlier[0], found["sha256"], steps, seen))
        else:
            tree.add(_told_resource(resource))
    return tree


def _parameters(parameters: Mapping[str, Any]) -> str:
    """Short values as they are; what holds more by name."""
    short = [f"{name} {value}" for name, value in sorted(parameters.items()) if _is_short(value)]
    long = [name for name, value in sorted(parameters.items()) if not _is_short(value)]
    return "; ".join(filter(None, [", ".join(short), f"{', '.join(long)} (--json shows them)" if long else ""]))


def _is_short(value: Any) -> bool:
    return not isinstance(value, dict | list) and len(str(value)) <= 40


def _where(entry: Entry) -> str:
    """Run, machine and accelerator of a stage."""
    predicate = entry.statement["predicate"]
    environment = predicate["buildDefinition"].get("internalParameters", {})
    run = str(predicate["runDetails"]["metadata"].get("invocationId", "")).rpartition("/")[0]
    builder = str(predicate["runDetails"]["builder"].get("id", "")).removeprefix("urn:rlvr:")
    names = ("processor", "accelerator", "torch", "pod")
    told = [f"{name} {environment[name]}" for name in names if environment.get(name) not in (None, "", "none")]
    method = predicate["buildDefinition"]["externalParameters"].get("method")
    of = [f"{name} {value}" for name, value in (("method", method), ("run", run)) if value]
    image = [] if any(resource["name"] == "image" for resource in read_by(entry)) else ["without an image"]
    return ", ".join([f"in {builder}", *image, *of, *told])


def _told_check(entry: Entry) -> str:
    predicate = entry.statement["predicate"]
    if entry.kind == "approval":
        verifier = predicate.get("verifier")
        who = escape(str(verifier.get("id", ""))) if isinstance(verifier, dict) else "somebody"
        return f"[green]approved by {who}[/green] {escape(str(predicate.get('note', '')))}"
    result, what = check_words(predicate)
    style = {"PASSED": "green", "WARNED": "yellow"}.get(result, "red")
    return f"[{style}]{escape(result or entry.kind)}[/] {escape(what)}"


def _told_resource(resource: Mapping[str, Any]) -> str:
    digest = resource.get("digest", {})
    parts = [str(resource.get("uri", "")).partition("@sha256:")[0], str(digest.get("sha256", ""))[:SHORT]]
    parts += [f"commit {digest['gitCommit'][:SHORT]}"] if "gitCommit" in digest else []
    licence = resource.get("annotations", {}).get("licence")
    parts += [f"licence {licence}"] if licence else []
    return f"{escape(resource['name'])}: {escape(', '.join(filter(None, parts)))}"


def print_impact(found: Impact, console: Console) -> None:
    """What was made from something, nearest first."""
    where = _some([name[:SHORT] if len(name) == 64 else name for name in found.found_in])
    console.print(
        f"The {found.kind} {found.name} is in {where}" if found.kind == "row" else f"{found.kind}: {found.name}"
    )
    table = _table("stage", "made")
    for name, digests in made(found.steps).items():
        table.add_row(escape(name), _some([digest[:SHORT] for digest in dict.fromkeys(digests)]))
    console.print(table if found.steps else "Nothing was made from it.")
    for one in found.consumed:
        shown = _some([str(step) for step in one.steps])
        models = ", ".join(digest[:SHORT] for digest in one.made)
        when = f"step {shown}" if len(one.steps) == 1 else f"{len(one.steps):,} steps: {shown}"
        console.print(
            f"Stage {escape(one.stage)}, which made {models} (log {one.log[:SHORT]}), sampled it at {when}",
            highlight=False,
        )


def print_differences(found: Sequence[Difference], console: Console) -> None:
    """A table of what is not the same."""
    if not found:
        console.print("Nothing that the statements record differs.")
        return
    table = _table("stage", "what", "name", "first", "second")
    for one in found:
        table.add_row(
            *(escape(text) for text in (one.stage, one.what, one.name, _short(one.first), _short(one.second)))
        )
    console.print(table)


def _some(texts: Sequence[str]) -> str:
    """The first of many texts, and how many there are besides."""
    more = f" and {len(texts) - SHOWN:,} more (--json shows them)" if len(texts) > SHOWN else ""
    return ", ".join(texts[:SHOWN]) + more


def _short(value: Any) -> str:
    text = "-" if value is None else str(value)
    return text[:SHORT] if len(text) == 64 else text


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=number < len(columns) - 1, overflow="fold")
    return table
