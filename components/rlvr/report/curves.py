"""Training curves: one small drawing a quantity, the raw line thin and its running mean strong.

A stage's metrics.jsonl decides which panels there are; a quantity that no step recorded has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from rlvr.report import svg
from rlvr.report.inputs import finite
from rlvr.report.text import compact

WIDTH, HEIGHT = 340, 196
LEFT, TOP, BOTTOM = 44, 24, 38
MOST_POINTS = 240
"""Points a drawn line has at most; longer runs are averaged in equal stretches."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """One drawing."""

    title: str
    """What is drawn."""
    unit: str
    """Unit of the vertical axis."""
    keys: tuple[str, ...]
    """Fields of a step; several make several lines."""
    labels: tuple[str, ...] = ("",)
    """Name at each line's end."""
    from_zero: bool = True
    """Whether the axis begins at zero."""
    smoothed: bool = True
    """Whether a running mean is drawn; a schedule has no noise to smooth."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One quantity over the steps."""

    label: str
    """Name at its end."""
    steps: np.ndarray
    """Places along the horizontal axis."""
    raw: np.ndarray
    """The quantity at each step, or its mean over a stretch of steps."""
    mean: np.ndarray
    """Its running mean; the same as `raw` where nothing is smoothed."""

    def said(self, index: int) -> str:
        """The running mean at one place, with the line's name."""
        return f"{self.label} {compact(float(self.mean[index]))}".strip()


PANELS = (
    Panel(title="KL to the reference", unit="nats a token", keys=("kl",)),
    Panel(title="Policy entropy", unit="nats a token", keys=("entropy",)),
    Panel(title="Completion length", unit="tokens", keys=("length_mean", "length_p95"), labels=("mean", "p95")),
    Panel(title="Truncated completions", unit="per cent", keys=("truncated_percent",)),
    Panel(title="Dead groups (all rewards alike)", unit="per cent of groups", keys=("dead_groups_percent",)),
    Panel(title="Pass rate", unit="share right", keys=("pass_rate",)),
    Panel(title="Preference margin", unit="beta times log-ratio", keys=("margin",), from_zero=False),
    Panel(title="Preferred as wanted", unit="share of pairs", keys=("accuracy",)),
    Panel(title="Loss", unit="loss", keys=("loss",), from_zero=False),
    Panel(title="Gradient norm", unit="L2 norm before clipping", keys=("grad_norm",)),
    Panel(title="Learning rate", unit="of the optimiser", keys=("learning_rate",), smoothed=False),
)
"""Panels after those of the rewards."""


def panels(steps: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Title and drawing of every quantity that the steps recorded."""
    components = sorted({name for step in steps for name in step.get("rewards") or {}})
    flat = [step | {f"rewards/{key}": value for key, value in (step.get("rewards") or {}).items()} for step in steps]
    rewards = [Panel(title="Reward, all components", unit="weighted sum", keys=("reward",), from_zero=False)]
    rewards += [Panel(title=name, unit="reward", keys=(f"rewards/{name}",), from_zero=False) for name in components]
    drawn = []
    for panel in (*rewards, *PANELS):
        lines = [_line(panel, flat, key, label) for key, label in zip(panel.keys, panel.labels, strict=True)]
        if recorded := [line for line in lines if len(line.steps)]:
            drawn.append({"title": panel.title, "svg": _draw(panel, recorded)})
    return drawn


def running_mean(values: np.ndarray) -> np.ndarray:
    """Centred mean over about a twelfth of the values; windows are cut off at both ends."""
    half = len(values) // 24
    sums = np.concatenate(([0.0], np.cumsum(values)))
    index = np.arange(len(values))
    start, stop = np.maximum(index - half, 0), np.minimum(index + half + 1, len(values))
    return np.asarray((sums[stop] - sums[start]) / (stop - start))


def _line(panel: Panel, steps: Sequence[dict[str, Any]], key: str, label: str) -> Line:
    pairs = [(step["step"], value) for step in steps if (value := finite(step.get(key))) is not None]
    x, y = np.array([pair[0] for pair in pairs], dtype=float), np.array([pair[1] for pair in pairs], dtype=float)
    if len(x) > MOST_POINTS:
        parts = np.array_split(np.arange(len(x)), MOST_POINTS)
        x, y = np.array([x[part].mean() for part in parts]), np.array([y[part].mean() for part in parts])
    return Line(label=label, steps=x, raw=y, mean=running_mean(y) if panel.smoothed else y)


def _draw(panel: Panel, lines: Sequence[Line]) -> Markup:
    right = WIDTH - (78.0 if len(lines) > 1 else 50.0)
    first, last = min(line.steps[0] for line in lines), max(line.steps[-1] for line in lines)
    first, last = 0.0 if first <= 1 else float(first), float(max(last, first + 1))
    x_ticks = [value for value in svg.ticks(first, last) if first <= value <= last]
    y_ticks = _y_ticks(panel, np.concatenate([line.raw for line in lines]))
    x = svg.linear(first, last, LEFT, right)
    y = svg.linear(y_ticks[0], y_ticks[-1], HEIGHT - BOTTOM, TOP)
    parts = svg.frame(LEFT, right, x, y, x_ticks, y_ticks)
    parts.append(svg.words((LEFT + right) / 2, HEIGHT - 6, "step", "axis-title"))
    parts.append(svg.words(2, TOP - 11, panel.unit, "axis-title", "start"))
    places = _apart([y(float(line.mean[-1])) for line in lines])
    for line, place, tone in zip(lines, places, ("first", "second"), strict=False):
        end = x(float(line.steps[-1]))
        if panel.smoothed:
            parts.append(_path(x, y, line.steps, line.raw, f"raw {tone}"))
        parts.append(_path(x, y, line.steps, line.mean, f"mean {tone}"))
        parts.append(
            svg.element("circle", {"cx": end, "cy": y(float(line.mean[-1])), "r": 3.2, "class": f"end {tone}"})
        )
        parts.append(svg.words(end + 8, place + 3.8, line.said(-1), "value", "start"))
    spoken = "; ".join(f"from {line.said(0)} to {line.said(-1)}" for line in lines)
    return svg.drawing(WIDTH, HEIGHT, f"{panel.title} by step, {panel.unit}: {spoken}", parts)


def _y_ticks(panel: Panel, values: np.ndarray) -> list[float]:
    low, high = float(values.min()), float(values.max())
    if not panel.from_zero:
        return svg.ticks(low, high)
    return svg.ticks(min(0.0, low), high if high > min(0.0, low) else 1.0)


def _path(x: svg.Scale, y: svg.Scale, steps: np.ndarray, values: np.ndarray, name: str) -> Markup:
    return svg.path([(x(float(a)), y(float(b))) for a, b in zip(steps, values, strict=True)], name)


def _apart(places: Sequence[float], gap: float = 13.0) -> list[float]:
    """The same places, moved so that two labels do not touch."""
    if len(places) < 2 or abs(places[0] - places[1]) >= gap:
        return list(places)
    middle, sign = sum(places) / 2, 1 if places[0] > places[1] else -1
    return [middle + sign * gap / 2, middle - sign * gap / 2]
