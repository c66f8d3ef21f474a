"""What `rlvr schedule plan` and `apply` print."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from rlvr_pipelines.schedules.comparison import Change

SIGNS = {
    "create": "[green]+[/green] create   ",
    "change": "[yellow]~[/yellow] change   ",
    "unchanged": "[dim]=[/dim] unchanged",
    "prune": "[red]-[/red] prune    ",
    "keep": "[dim]?[/dim] not in the file, stays (--prune removes it)",
}
LONGEST = 60


def print_change(change: Change, console: Console) -> None:
    """One schedule and the fields that differ."""
    console.print(f"{SIGNS[change.action]} {escape(change.name)}", highlight=False)
    if change.action == "create" and change.wanted:
        for field, value in change.wanted.spec.items():
            if value not in ("", None):
                console.print(f"      {escape(field)}: {escape(_shown(value))}", highlight=False)
    for field, old, new in change.fields:
        console.print(f"      {escape(field)}: {escape(_shown(old))} -> {escape(_shown(new))}", highlight=False)
    if change.drifted and change.action == "change":
        console.print("      drift: it is not what it was created as; something it uses was changed elsewhere")
    for identifier in change.leftovers:
        console.print(f"      left by an interrupted exchange, is removed: {escape(identifier)}", highlight=False)


def summary(changes: Sequence[Change], *, done: bool) -> str:
    """One line of counts: of what is to do, or of what was done."""
    counts = Counter(change.action for change in changes)
    words = ("created", "changed", "pruned") if done else ("to create", "to change", "to prune")
    told = [f"{counts[action]} {word}" for action, word in zip(("create", "change", "prune"), words, strict=True)]
    return f"{'Applied' if done else 'Plan'}: {', '.join(told)}, {counts['unchanged']} unchanged."


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "(none)"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
