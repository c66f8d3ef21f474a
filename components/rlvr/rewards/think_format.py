"""Whether a completion has the form `<think> ... </think> <answer> ... </answer>`, in published readings.

Each decides what upstream's regular expression decides, in linear time: lazy patterns under an anchor try every closing
tag against every later one, which takes seconds on 100 kB of repeated tags.

| function | method | line breaks inside | between the blocks | around |
|---|---|---|---|---|
| `fullmatch` | R1-V at its last commit, VisualThinker-R1-Zero | allowed | any white space | nothing |
| `published_run` | R1-V @033f53c, the published run; open-r1-multimodal | none | any white space | any text behind |
| `tight` | open-r1-multimodal @c26e521, the released checkpoints | none | nothing | one line break behind |
| `one_newline` | r1-vlm, words and digits | allowed | one line break | one line break behind |
"""

import re
from typing import Any

PREFILL_LINE = "Let me solve this step by step.\n"
"""First line of r1-vlm's prefilled assistant turn; its format rewards take it off before they look."""

BETWEEN = re.compile(r"</think>\s*+<answer>")
ONE_NEWLINE = re.compile(r"<think>(?:(?!</?think>).)*+</think>\n<answer>.*</answer>\n?", re.DOTALL)


def fullmatch(completions: list[str], **_: Any) -> list[float | None]:
    """1 for a think block, optional white space, an answer block and nothing else."""
    return [float(_is_fullmatch(text)) for text in completions]


def published_run(completions: list[str], **_: Any) -> list[float | None]:
    """1 for a completion that begins with a one-line think block and a one-line answer block."""
    return [float(_is_published_run(text)) for text in completions]


def tight(completions: list[str], **_: Any) -> list[float | None]:
    """1 for one line that is a think block and, with nothing between, an answer block."""
    return [float(_is_tight(text)) for text in completions]


def one_newline(completions: list[str], **_: Any) -> list[float | None]:
    """1 for a think block without further think tags, exactly one line break, and an answer block up to the end."""
    return [float(ONE_NEWLINE.fullmatch(text.removeprefix(PREFILL_LINE)) is not None) for text in completions]


def _is_fullmatch(text: str) -> bool:
    opening, closing = "<think>", "</answer>"
    if not (text.startswith(opening) and text.endswith(closing)):
        return False
    return BETWEEN.search(text, len(opening), max(len(text) - len(closing), 0)) is not None


def _is_published_run(text: str) -> bool:
    if not text.startswith("<think>"):
        return False
    line, _, below = text.partition("\n")
    # Within the first line the earliest border leaves the most room for the closing tag, so it alone decides.
    border = BETWEEN.search(line)
    if border and "</answer>" in line[border.end() :]:
        return True
    # Otherwise white space with line breaks may stand between the blocks; the answer is then the next line of text.
    answer = below.lstrip().partition("\n")[0]
    return line.rstrip().endswith("</think>") and answer.startswith("<answer>") and "</answer>" in answer


def _is_tight(text: str) -> bool:
    opening, border, closing = "<think>", "</think><answer>", "</answer>"
    line = text.removesuffix("\n")
    if "\n" in line or not (line.startswith(opening) and line.endswith(closing)):
        return False
    return line.find(border, len(opening), max(len(line) - len(closing), 0)) >= 0
