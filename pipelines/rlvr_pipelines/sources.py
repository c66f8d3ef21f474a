"""Every data source of the package by name, with the task whose rewards judge its answers.

find_source("clevr_cogent_a")  ->  clevr_cogent_a_train, R1-V's task `counting`
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from rich.markup import escape
from rich.table import Table

from rlvr.data.prompt_tokens import PromptLimit, prompt_limits
from rlvr.data.source import Source
from rlvr.errors import RlvrError
from rlvr.method import Reward, Task

PARTS = ("_train", "_test")
"""Endings of names that may be left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownSource:
    """A source and who uses it."""

    task: Task
    """The first method's task on it; for a benchmark a task whose reward is the benchmark's published rule."""
    limit: PromptLimit
    """What training makes of its prompts."""
    used_by: tuple[str, ...]
    """Methods and benchmarks, in the order of the table of methods."""
    part: str
    """`train` or `test`."""

    @property
    def source(self) -> Source:
        """The source itself."""
        return self.task.source


@cache
def sources() -> Mapping[str, KnownSource]:
    """Every source by name: those that methods train on, then those of benchmarks."""
    from rlvr_pipelines.methods import METHODS

    found: dict[str, KnownSource] = {}
    for method in METHODS.values():
        limits = {limit.task: limit for limit in prompt_limits(method)}
        for task in method.tasks:
            _add(found, KnownSource(task=task, limit=limits[task.name], used_by=(method.name,), part="train"))
    for method in METHODS.values():
        for benchmark in method.benchmarks:
            task = Task(
                name=benchmark.name,
                source=benchmark.source,
                prompt=benchmark.prompt,
                rewards=(Reward(function=benchmark.published_rule),),
            )
            limit = PromptLimit(task=task.name)
            _add(found, KnownSource(task=task, limit=limit, used_by=(method.name,), part="test"))
    return found


def _add(found: dict[str, KnownSource], one: KnownSource) -> None:
    name = one.source.name
    found[name] = replace(found[name], used_by=(*found[name].used_by, *one.used_by)) if name in found else one


def find_source(name: str) -> KnownSource:
    """The source of that name, which may lack `_train` or `_test`; `RlvrError` suggests the nearest one."""
    known = sources()
    for candidate in (name, *(name + part for part in PARTS)):
        if candidate in known:
            return known[candidate]
    benchmarks = [one for one in known.values() if one.part == "test" and one.task.name == name]
    if benchmarks:
        return benchmarks[0]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    guess = f" Did you mean {near[0]!r}?" if near else ""
    raise RlvrError(f"There is no source {name!r}.{guess} `rlvr verify` without a name lists them.")


def table_of_sources() -> Table:
    """All sources, one a line."""
    listing = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    listing.add_column("source", no_wrap=True)
    listing.add_column("part")
    listing.add_column("rows", justify="right")
    listing.add_column("on the Hub")
    listing.add_column("licence")
    listing.add_column("used by")
    for one in sources().values():
        source = one.source
        rows = f"{source.published_rows:,}" if source.published_rows else "-"
        used = one.used_by[0] + (f" and {len(one.used_by) - 1} more" if one.used_by[1:] else "")
        cells = (source.name, one.part, rows, source.hub_id or "-", source.licence, used)
        listing.add_row(*map(escape, cells))
    return listing
