"""Held-out rows whose answers are scored by a rule of their own: VLM-R1's general jsonl form."""

from dataclasses import replace

from rlvr.benchmarks import gui_defects_held_out
from rlvr.datasets import vlm_r1_jsonl

BENCHMARK = replace(
    gui_defects_held_out.BENCHMARK,
    name="mixed_rules_held_out",
    title="Held-out rows of mixed rules",
    source=vlm_r1_jsonl.TEST,
)
