"""The drawing that sets runs side by side: one strip a run, its paired gain as a dot on its interval, zero as a line.

Positions are in per cent of the drawing's width, so that strips under one another share an axis at every width.
"""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from rlvr.report import svg
from rlvr.report.text import signed

HEIGHT = 26.0
"""Of a strip, pixels."""


def strip(change: Mapping[str, float], reach: float, name: str) -> Markup:
    """One gain with its 95 % interval on an axis from `-reach` to `reach` points; `name` begins the spoken text."""
    parts = [*_grid(reach), _bar(change["low"], change["high"], reach, "interval tuned")]
    parts.append(_dot(change["value"], reach, "point tuned"))
    spoken = f"{name}: {signed(change['value'])} points ({signed(change['low'])} to {signed(change['high'])})"
    return svg.strip(HEIGHT, spoken, parts)


def mean_strip(summary: Mapping[str, Any], reach: float, name: str) -> Markup:
    """Mean gain of several runs as a hollow dot, one standard deviation of the runs to both sides as a thin bar."""
    mean, sd = summary["mean"], summary["sd"]
    parts = [*_grid(reach), _bar(mean - sd, mean + sd, reach, "spread")]
    parts.append(_dot(mean, reach, "published tuned"))
    return svg.strip(HEIGHT, f"{name}: mean {signed(mean)} points, standard deviation {sd:.1f}", parts)


def axis(reach: float) -> Markup:
    """Ticks and title under the strips."""
    place = svg.linear(-reach, reach, 0, 100)
    parts: list[Markup] = []
    for value in (-reach, -reach / 2, 0.0, reach / 2, reach):
        parts.append(svg.words(f"{place(value):g}%", 12.0, signed(value, 0), "tick"))
    parts.append(svg.words("50%", 30.0, "tuned minus base, points", "axis-title"))
    return svg.strip(36.0, f"Axis from {signed(-reach, 0)} to {signed(reach, 0)} points", parts)


def _grid(reach: float) -> list[Markup]:
    place = svg.linear(-reach, reach, 0, 100)
    ends = (-reach, -reach / 2, 0.0, reach / 2, reach)
    return [
        svg.rule(f"{place(x):g}%", 0.0, f"{place(x):g}%", HEIGHT, "grid" if x else "zero") for x in ends
    ]  # fmt: skip


def _bar(low: float, high: float, reach: float, name: str) -> Markup:
    place = svg.linear(-reach, reach, 0, 100)
    return svg.rule(f"{place(low):.3f}%", HEIGHT / 2, f"{place(high):.3f}%", HEIGHT / 2, name)


def _dot(value: float, reach: float, name: str) -> Markup:
    centre = f"{svg.linear(-reach, reach, 0, 100)(value):.3f}%"
    return svg.element("circle", {"cx": centre, "cy": HEIGHT / 2, "r": 5.0, "class": name})
