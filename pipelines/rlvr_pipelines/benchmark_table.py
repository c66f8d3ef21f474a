"""Finding a benchmark by name: the package's own, or the form in which a method uses it.

`superclevr_200` is the package's, `mm_eureka/math_vista` is MathVista as the method mm_eureka asks and scores it.
"""

import difflib
import pkgutil
from collections.abc import Iterator
from importlib import import_module

from rlvr import benchmarks
from rlvr.benchmarks.benchmark import Benchmark
from rlvr.errors import RlvrError
from rlvr_pipelines.methods import METHODS


def find(name: str) -> Benchmark:
    """The benchmark that `NAME` or `METHOD/NAME` means; `RlvrError` suggests the nearest name.

    A bare name is the package's own benchmark, or else that of the first method that has one.
    """
    method, _, last = name.rpartition("/")
    if method:
        if method not in METHODS:
            raise RlvrError(_unknown(method, "method", list(METHODS), "`rlvr methods` lists them"))
        used = {one.name: one for one in METHODS[method].benchmarks}
        if last not in used:
            raise RlvrError(_unknown(last, f"benchmark of {method}", list(used), f"it has {', '.join(used)}"))
        return used[last]
    table = packaged()
    for one in METHODS.values():
        for benchmark in one.benchmarks:
            table.setdefault(benchmark.name, benchmark)
    if name not in table:
        raise RlvrError(_unknown(name, "benchmark", list(table), f"there are {', '.join(sorted(table))}"))
    return table[name]


def packaged() -> dict[str, Benchmark]:
    """Name -> benchmark, of every file in `rlvr.benchmarks`; the first of equal names."""
    found: dict[str, Benchmark] = {}
    for benchmark in _all():
        found.setdefault(benchmark.name, benchmark)
    return found


def _all() -> Iterator[Benchmark]:
    for module in sorted(info.name for info in pkgutil.walk_packages(benchmarks.__path__, f"{benchmarks.__name__}.")):
        for value in vars(import_module(module)).values():
            if isinstance(value, Benchmark):
                yield value
            elif isinstance(value, tuple | list):
                yield from (one for one in value if isinstance(one, Benchmark))


def _unknown(name: str, what: str, known: list[str], where: str) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    guess = f" Did you mean {near[0]!r}?" if near else ""
    return f"There is no {what} {name!r}.{guess} In full: {where}."
