"""Every `Benchmark` value of every module of `rlvr.benchmarks`, by name."""

import importlib
import pkgutil

import rlvr.benchmarks
from rlvr.benchmarks.benchmark import Benchmark

BENCHMARKS: dict[str, Benchmark] = {}
for module in pkgutil.iter_modules(rlvr.benchmarks.__path__):
    for value in vars(importlib.import_module(f"rlvr.benchmarks.{module.name}")).values():
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Benchmark):
                BENCHMARKS.setdefault(each.name, each)
