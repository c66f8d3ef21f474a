"""SVG by hand: elements, axis ticks and scales. Colours come from the page's style sheet through classes.

element("circle", {"cx": 3, "cy": 4, "r": 2, "class": "dot"})  ->  <circle cx="3" cy="4" r="2" class="dot"></circle>
"""

import math
from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup, escape

from rlvr.report.text import clean, compact

Scale = Callable[[float], float]
"""A value of the data -> its place in the drawing."""

Inside = Sequence[Markup | str]


def element(tag: str, attributes: Mapping[str, object], inside: Inside = ()) -> Markup:
    """One element; texts and attribute values are escaped."""
    written = "".join(f' {key}="{escape(_written(value))}"' for key, value in attributes.items())
    return Markup(f"<{tag}{written}>{''.join(str(escape(clean(part))) for part in inside)}</{tag}>")


def drawing(width: float, height: float, label: str, inside: Inside) -> Markup:
    """A picture that scales with the page; `label` says in words what it shows."""
    return element("svg", {"viewBox": f"0 0 {width} {height}", "role": "img", "aria-label": label}, inside)


def strip(height: float, label: str, inside: Inside) -> Markup:
    """A picture as wide as its place whose texts keep their size; positions inside are given in per cent."""
    return element("svg", {"width": "100%", "height": height, "role": "img", "aria-label": label}, inside)


def words(x: object, y: float, value: str, name: str, anchor: str = "middle") -> Markup:
    """A text at a point."""
    return element("text", {"x": x, "y": y, "class": name, "text-anchor": anchor}, [value])


def rule(x1: object, y1: float, x2: object, y2: float, name: str) -> Markup:
    """A straight line."""
    return element("line", {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "class": name})


def path(points: Sequence[tuple[float, float]], name: str) -> Markup:
    """A line through points."""
    way = "L".join(f"{_written(x)} {_written(y)}" for x, y in points)
    return element("path", {"d": f"M{way}", "class": name})


def linear(low: float, high: float, start: float, end: float) -> Scale:
    """The scale that takes `low` to `start` and `high` to `end`."""
    return lambda value: start + (value - low) / (high - low) * (end - start)


def ticks(low: float, high: float, wanted: int = 4) -> list[float]:
    """About `wanted` round values whose range covers `low` to `high`; steps are 1, 2 or 5 times a power of ten."""
    if not high > low:
        low, high = low - (abs(low) * 0.1 or 0.5), high + (abs(high) * 0.1 or 0.5)
    rough = (high - low) / max(1, wanted - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-6), math.ceil(high / step - 1e-6)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def frame(
    left: float, right: float, x: Scale, y: Scale, x_ticks: Sequence[float], y_ticks: Sequence[float]
) -> list[Markup]:
    """Grid and tick labels of a chart."""
    bottom = y(y_ticks[0])
    parts = []
    for value in y_ticks:
        parts.append(rule(left, y(value), right, y(value), "axis" if value == y_ticks[0] else "grid"))
        parts.append(words(left - 6, y(value) + 3.5, compact(value), "tick", "end"))
    for value in x_ticks:
        parts.append(words(x(value), bottom + 15, compact(value), "tick"))
    return parts


def _written(value: object) -> str:
    if isinstance(value, float):
        text = f"{value:.2f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text
    return str(clean(value))
