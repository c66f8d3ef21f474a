"""Pass rates of the training rows: how hard the prompts were for the policy early and late in training.

A prompt's pass rate is the share of right completions in its group. Groups at 0 and at 100 % teach nothing under a
group baseline, so they stand apart from the rest.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
from markupsafe import Markup

from rlvr.report import svg
from rlvr.report.inputs import read_table
from rlvr.report.text import compact

LABELS = ("0", "1–25", "26–50", "51–75", "76–99", "100")
"""Bins of a pass rate in per cent: 0, (0, 25], (25, 50], (50, 75], (75, 100) and 100."""
WIDTH, HEIGHT = 380, 214


def pass_rates(path: Path) -> dict[str, Any] | None:
    """Drawing and numbers of the first against the last third of the steps; None when nothing was rolled out."""
    table = read_table(path, ["step", "row_id", "correct"])
    if not table.num_rows:
        return None
    table = table.set_column(2, "correct", pc.cast(table["correct"], "float64"))
    groups = table.group_by(["step", "row_id"]).aggregate([("correct", "mean")])
    steps, rates = groups["step"].to_numpy(), groups["correct_mean"].to_numpy()
    first_step, last_step = int(steps.min()), int(steps.max())
    third = (last_step - first_step + 1) / 3
    early, late = rates[steps < first_step + third], rates[steps >= last_step + 1 - third]
    shares = [_shares(part) for part in (early, late)]
    return {
        "svg": _draw(shares),
        "early": {"groups": len(early), "mean_percent": 100 * float(early.mean()), "shares": shares[0]},
        "late": {"groups": len(late), "mean_percent": 100 * float(late.mean()), "shares": shares[1]},
    }


def _shares(rates: np.ndarray) -> list[float]:
    """Per cent of the groups in each bin."""
    bins = np.digitize(rates, [1e-9, 0.25 + 1e-9, 0.5 + 1e-9, 0.75 + 1e-9, 1 - 1e-9])
    return [float(share) for share in 100 * np.bincount(bins, minlength=len(LABELS)) / len(rates)]


def _draw(shares: list[list[float]]) -> Markup:
    y_ticks = svg.ticks(0, max(*shares[0], *shares[1]))
    x = svg.linear(0, len(LABELS), 40, WIDTH - 4)
    y = svg.linear(0, y_ticks[-1], HEIGHT - 38, 24)
    parts = []
    for value in y_ticks:
        parts.append(svg.rule(40.0, y(value), WIDTH - 4.0, y(value), "grid" if value else "axis"))
        parts.append(svg.words(34, y(value) + 3.5, compact(value), "tick", "end"))
    for index, label in enumerate(LABELS):
        for number, tone in enumerate(("before", "after")):
            height = y(0) - y(shares[number][index])
            left = x(index) + 6 + 22 * number
            bar = {"x": left, "y": y(0) - height, "width": 20.0, "height": height, "rx": 1.5, "class": f"bar {tone}"}
            parts.append(svg.element("rect", bar))
        parts.append(svg.words(x(index) + 27, HEIGHT - 22.0, label, "tick"))
    parts.append(
        svg.words((40 + WIDTH) / 2, HEIGHT - 5.0, "per cent of a group's completions that are right", "axis-title")
    )
    parts.append(svg.words(2, 12, "per cent of groups", "axis-title", "start"))
    spoken = "; ".join(
        f"{label} % right: {early:.0f} % of groups early, {late:.0f} % late"
        for label, early, late in zip(LABELS, shares[0], shares[1], strict=True)
    )
    return svg.drawing(WIDTH, HEIGHT, f"Pass rates of training prompts, early and late: {spoken}", parts)
