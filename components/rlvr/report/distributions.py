"""How the rows of each task are spread, as small drawings: answers, sizes of pictures, lengths of prompts.

They are drawn from the facts of the verify stage; what was not measured has no drawing.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup

from rlvr.report import svg
from rlvr.report.text import clean, count, counted, percent

WIDTH, HEIGHT = 320, 190
ANSWERS = 10
"""Answers that have a bar of their own; the others share one."""
BINS = 16
"""Bars of a histogram, about."""
LABEL_CHARACTERS = 14
"""Characters of an answer that its bar shows."""


HISTOGRAMS = {
    "width_px": ("Width of the smallest picture", "px"),
    "height_px": ("Height of the smallest picture", "px"),
    "prompt_tokens": ("Prompt with its pictures", "tokens"),
    "prompt_characters": ("Question", "characters"),
}
"""Fact -> what its drawing is called, and its unit."""

COLUMNS = ("answer_key", *HISTOGRAMS)
"""Facts that are drawn, where there are any."""


def distributions(facts: pa.Table) -> list[dict[str, Any]]:
    """For each task, in the order of its first row: name, rows, drawings."""
    told = []
    for name in facts["task"].unique().to_pylist():
        rows = facts.filter(pc.equal(facts["task"], name))
        panels = [_answers(rows), *(_histogram(rows, column, *words) for column, words in HISTOGRAMS.items())]
        told.append({"name": name, "rows": rows.num_rows, "panels": [panel for panel in panels if panel is not None]})
    return told


def _answers(rows: pa.Table) -> dict[str, Any] | None:
    """A bar for each of the commonest answers; None where nearly every row has one of its own."""
    if "answer_key" not in rows.column_names:
        return None
    grouped = rows.filter(pc.is_valid(rows["answer_key"])).group_by("answer_key").aggregate([([], "count_all")])
    if not grouped.num_rows or grouped.num_rows > 0.5 * rows.num_rows:
        return None
    ordered = grouped.sort_by([("count_all", "descending"), ("answer_key", "ascending")]).to_pydict()
    names, sizes = ordered["answer_key"], ordered["count_all"]
    shown = [(name, size, "bar plain") for name, size in zip(names[:ANSWERS], sizes, strict=False)]
    if len(names) > ANSWERS:
        shown.append((counted(len(names) - ANSWERS, "other"), sum(sizes[ANSWERS:]), "bar rest"))
    total = sum(sizes)
    return {
        "title": "Answers",
        "svg": _bars(shown, total),
        "note": f"{counted(len(names), 'different answer')}; the commonest is right in "
        f"{percent(100 * sizes[0] / total)} % of the rows, and whoever always says it scores that.",
    }


def _bars(shown: Sequence[tuple[str, int, str]], total: int) -> Markup:
    """Horizontal bars with their shares in per cent."""
    step, left, right = 17.0, 104.0, WIDTH - 48.0
    x = svg.linear(0, max(size for _, size, _ in shown), left, right)
    parts = []
    for place, (name, size, tone) in enumerate(shown):
        top = place * step + 2
        parts.append(svg.words(left - 8, top + 10.5, _short(name), "tick", "end"))
        bar = {"x": left, "y": top, "width": max(1.0, x(size) - left), "height": step - 5, "rx": 1.5, "class": tone}
        parts.append(svg.element("rect", bar))
        parts.append(svg.words(x(size) + 6, top + 10.5, f"{percent(100 * size / total)} %", "tick", "start"))
    spoken = "; ".join(f"{_short(name)}: {percent(100 * size / total)} %" for name, size, _ in shown)
    return svg.drawing(WIDTH, step * len(shown) + 4, f"Share of each answer: {spoken}", parts)


def _short(name: str) -> str:
    text = " ".join(str(clean(name)).split()) or "(empty)"
    return text if len(text) <= LABEL_CHARACTERS else text[: LABEL_CHARACTERS - 1] + "…"


def _histogram(rows: pa.Table, column: str, title: str, unit: str) -> dict[str, Any] | None:
    if column not in rows.column_names:
        return None
    values = rows[column].drop_null().to_numpy().astype(np.float64)
    if not len(values):
        return None
    low, middle, high = (float(value) for value in np.percentile(values, [0, 50, 100], method="nearest"))
    note = f"{_range(low, high)} {unit}, median {count(middle)}"
    if missing := rows.num_rows - len(values):
        note += f"; {counted(missing, 'row')} {'has' if missing == 1 else 'have'} none"
    return {"title": f"{title}, {unit}", "svg": _columns(values, f"{title} in {unit}: {note}"), "note": f"{note}."}


def _range(low: float, high: float) -> str:
    """One number, or two with a dash between them."""
    return count(low) if low == high else f"{count(low)} to {count(high)}"


def _columns(values: np.ndarray, label: str) -> Markup:
    """Bars of rows by value; whole numbers are not split between bars."""
    low, high = float(values.min()), float(values.max())
    width = max(1.0, np.ceil((high - low + 1) / BINS))
    edges = low - 0.5 + width * np.arange(int(np.ceil((high - low + 1) / width)) + 1)
    heights = np.histogram(values, edges)[0]
    y_ticks = svg.ticks(0, float(heights.max()), 3)
    margin = (edges[-1] - edges[0]) * (1.5 if len(heights) == 1 else 0.0)
    x = svg.linear(float(edges[0]) - margin, float(edges[-1]) + margin, 44.0, WIDTH - 12.0)
    y = svg.linear(0, y_ticks[-1], HEIGHT - 24.0, 8.0)
    inside = [tick for tick in svg.ticks(low, high, 4) if edges[0] - margin <= tick <= edges[-1] + margin]
    marks = [low] if len(heights) == 1 else [tick for tick in inside if tick == int(tick)]
    parts = svg.frame(44.0, WIDTH - 12.0, x, y, marks, y_ticks)
    for start, end, height in zip(edges[:-1].tolist(), edges[1:].tolist(), heights.tolist(), strict=True):
        if height:
            gap = min(1.0, 0.15 * (x(end) - x(start)))
            bar = {"x": x(start) + gap, "y": y(height), "width": max(1.0, x(end) - x(start) - 2 * gap)}
            parts.append(svg.element("rect", {**bar, "height": y(0) - y(height), "class": "bar plain"}))
    return svg.drawing(WIDTH, HEIGHT, label, parts)
