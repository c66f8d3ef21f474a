"""A plan in the terminal: for each stage the sizes of a step, a bar of memory by part, host, disk and time."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from rlvr.method import Method
from rlvr.plan.assumptions import Assumptions
from rlvr.plan.gpu import GIB
from rlvr.plan.method_plan import Setting
from rlvr.plan.stage_plan import Item, Phase, StagePlan

BAR = 28
"""Characters of a bar as long as the GPU's memory."""
COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "red", "bright_black", "white")
"""Of the parts, in turn."""


def print_plan(method: Method, profile: str, setting: Setting, plans: Sequence[StagePlan], console: Console) -> None:
    """The plan of a method, for people."""
    scale, gpu = setting.scale, setting.train.gpu
    first = plans[0]
    console.print(f"[bold]{escape(method.title)}[/bold]  [dim]{escape(method.name)}[/dim]")
    console.print(f"{escape(first.hub_id)}, {billions(first.parameters)} parameters")
    nodes = f"{scale.nodes} nodes" if scale.nodes > 1 else "one node"
    asked = f" of {setting.train.gpus}" if scale.processes != setting.train.gpus else ""
    each = f"{scale.processes}{asked} {gpu.name} each ({gpu.memory:.0f} GiB usable)"
    console.print(f"Profile {escape(profile)}: {nodes}, {each}, {engine(setting)}.")
    for plan in plans:
        _stage(plan, console)
    console.print()
    console.print(f"[dim]{_assumed(setting.assumed)}[/dim]")


def _assumed(assumed: Assumptions) -> str:
    pictures = "one picture" if assumed.pictures == 1 else f"{assumed.pictures} pictures"
    return (
        f"Assumed: {pictures} of {assumed.picture_pixels / 1e6:.2f} megapixels a prompt (after which the stage's own "
        f"limits act) and {assumed.text_tokens} tokens of text; every completion as long as it may be for memory, "
        f"{assumed.mean_length:.0%} of that for time. Change them with --pixels, --pictures, --text and --response. "
        f"Times are estimates from {assumed.utilisation:.0%} of the GPU's peak and "
        f"{1000 * assumed.layer_seconds:.2f} ms a layer and decoded token, both measured with 2.2 billion parameters "
        f"on one H200 (README); judges, data and communication are left out."
    )


def engine(setting: Setting) -> str:
    """How training is spread, in words."""
    scale = setting.scale
    parts = [f"DeepSpeed ZeRO-{scale.zero_stage}" if scale.zero_stage else "plain torch, everything on every GPU"]
    if scale.offload_optimiser:
        parts.append("optimiser state in host memory")
    if scale.gradient_checkpointing:
        parts.append("activation checkpointing")
    parts.append(f"{scale.micro_batch_tokens:,} tokens a micro-batch")
    return ", ".join(parts)


def billions(count: int) -> str:
    """A number of parameters for people."""
    return f"{count / 1e9:.2f} billion" if count >= 1e8 else f"{count / 1e6:.1f} million"


def _stage(plan: StagePlan, console: Console) -> None:
    what = "evaluation, the benchmark that needs most" if plan.kind == "evaluate" else plan.kind
    state = "[green]fits[/green]" if plan.fits else "[red]does not fit[/red]"
    console.print(f"\n[bold cyan]{escape(plan.stage)}[/bold cyan] [dim]{what}[/dim]  {state}")
    table = _table(2)
    if plan.trained:
        table.add_row("trained", f"{billions(plan.trained)} parameters on {plan.processes} GPUs")
    for label, value in plan.facts:
        table.add_row(label, value)
    if plan.obstacle:
        table.add_row("refused", f"[red]{escape(plan.obstacle)}[/red]")
    asked = f"of the profile's {plan.host_limit / GIB:.0f} GiB a node" if plan.host_limit else "GiB a node"
    lacking = plan.host_limit is not None and plan.host_bytes > plan.host_limit
    table.add_row("host memory", f"{_number(plan.host_bytes, lacking)} {asked}: {_terms(plan.host_items)}")
    disk = sum(item.bytes for item in plan.disk_items)
    table.add_row("disk", f"{disk / GIB:.0f} GiB: {_terms(plan.disk_items)}")
    if plan.seconds:
        parts = f": rollout {duration(plan.seconds.rollout)}, update {duration(plan.seconds.update)}"
        steps = f"; {plan.steps:,} steps" if plan.steps else ""
        whole = parts if plan.seconds.rollout else ""
        table.add_row("time", f"about {duration(plan.seconds.total)} a step{whole}{steps} (estimate)")
    console.print(Padding(table, (0, 0, 0, 2)))
    if plan.peak and plan.gpu:
        over = plan.peak.bytes > plan.gpu.memory * GIB
        sum_ = f"{_number(plan.peak.bytes, over)} of {plan.gpu.memory:.0f} GiB"
        console.print(f"  GPU memory of the {plan.peak.name}, where it is fullest: {sum_}{others(plan)}")
        console.print(Padding(_parts(plan.peak, plan.gpu.memory), (0, 0, 0, 4)))


def _table(columns: int) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    for _ in range(columns - 1):
        table.add_column()
    return table


def _number(size: float, over: bool) -> str:
    colour = "red" if over else "green"
    return f"[{colour}]{size / GIB:.1f}[/{colour}]"


def _terms(items: Sequence[Item]) -> str:
    return " + ".join(f"{item.label} {item.bytes / GIB:.0f}" for item in items)


def _parts(phase: Phase, memory: float) -> Table:
    """One row a part: label, GiB, a bar that begins where the last one ended, and the arithmetic in words.

    The GPU's memory is the width of all bars together, or what is needed where that is more.
    """
    table = _table(1)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True, width=BAR)
    table.add_column(style="dim")
    scale, before = BAR / max(memory * GIB, phase.bytes), 0.0
    for number, item in enumerate(sorted(phase.items, key=lambda item: -item.bytes)):
        start = min(round(before * scale), BAR - 1)
        before += item.bytes
        length = max(1, round(before * scale) - start)
        colour = COLOURS[number % len(COLOURS)]
        bar = f"{' ' * start}[{colour}]{'█' * length}[/{colour}]"
        table.add_row(item.label, f"{item.bytes / GIB:.1f}", bar, escape(item.how))
    return table


def others(plan: StagePlan) -> str:
    """The phases that need less."""
    rest = [f"{phase.name} {phase.bytes / GIB:.1f}" for phase in plan.phases if phase is not plan.peak]
    return f"; {', '.join(rest)}" if rest else ""


def duration(seconds: float) -> str:
    """Seconds, minutes or hours."""
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def as_json(method: Method, profile: str, plans: Sequence[StagePlan]) -> Mapping[str, Any]:
    """The same for programs; sizes in bytes, times in seconds."""
    return {
        "method": method.name,
        "profile": profile,
        "fits": all(plan.fits for plan in plans),
        "stages": [
            {
                **asdict(plan),
                "fits": plan.fits,
                "lacking": list(plan.lacking),
                "peak": plan.peak.name if plan.peak else None,
                "peak_bytes": plan.peak.bytes if plan.peak else 0.0,
                "host_bytes": plan.host_bytes,
            }
            for plan in plans
        ],
    }
