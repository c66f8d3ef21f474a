"""EMMA-mini, a hundred rows a subject: scored as `emma`."""

from dataclasses import replace

from rlvr.benchmarks import emma
from rlvr.datasets import emma as rows

BENCHMARK = replace(emma.BENCHMARK, name="emma_mini", title="EMMA-mini", source=rows.MINI)
