"""Interval drawings: a score as a dot on its 95 % bar, a published number as a hollow dot.

Positions are in per cent of the drawing's width, so texts keep their size on a telephone and on paper.
"""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from rlvr.report import svg
from rlvr.report.text import percent, signed

ROWS = {"base": 16.0, "tuned": 44.0}
"""Height of each role's line in a drawing of scores."""


def scores(entry: dict[str, Any], published: Sequence[dict[str, Any]]) -> Markup:
    """Base and tuned score of one benchmark from 0 to 100 per cent, published numbers beside them."""
    parts = []
    for value in (0, 25, 50, 75, 100):
        parts.append(svg.rule(f"{value}%", 4.0, f"{value}%", 60.0, "grid"))
        parts.append(svg.words(f"{value}%", 74.0, f"{value}", "tick"))
    spoken = []
    for role, y in ROWS.items():
        if score := entry[role]:
            parts.append(svg.rule(f"{score['low']}%", y, f"{score['high']}%", y, f"interval {role}"))
            parts.append(_dot(score["score_percent"], y, f"point {role}", 5.5))
            span = f"{percent(score['low'])} to {percent(score['high'])}"
            spoken.append(f"{role} {percent(score['score_percent'])} ({span})")
    for number in published:
        if number.get("recall_at") is None and _is_drawn(number):
            comparable = number["verdict"] != "not comparable"
            name = f"published {number['role']}{'' if comparable else ' apart'}"
            parts.append(_dot(number["score_percent"], ROWS[number["role"]], name, 5.5))
            spoken.append(f"published {number['role']} {percent(number['score_percent'])}")
    parts.append(svg.words("50%", 90.0, "score, per cent", "axis-title"))
    return svg.strip(96, f"Scores in per cent: {'; '.join(spoken)}", parts)


def _is_drawn(number: dict[str, Any]) -> bool:
    return number["role"] in ROWS and number["same_model"] and 0 <= number["score_percent"] <= 100


def difference(entry: dict[str, Any], reach: float) -> Markup | None:
    """Tuned minus base with its paired interval around a line at zero, from `-reach` to `reach` points."""
    if not (change := entry["difference"]):
        return None
    place = svg.linear(-reach, reach, 0, 100)
    parts = []
    for value in (-reach, -reach / 2, 0.0, reach / 2, reach):
        parts.append(svg.rule(f"{place(value):g}%", 4.0, f"{place(value):g}%", 60.0, "grid" if value else "zero"))
        parts.append(svg.words(f"{place(value):g}%", 74.0, signed(value, 0), "tick"))
    low, high = (f"{place(change[end]):.3f}%" for end in ("low", "high"))
    parts.append(svg.rule(low, 30.0, high, 30.0, "interval tuned"))
    parts.append(_dot(place(change["value"]), 30.0, "point tuned", 5.5))
    spoken = f"{signed(change['value'])} points ({signed(change['low'])} to {signed(change['high'])})"
    parts.append(svg.words("50%", 90.0, "tuned minus base, points", "axis-title"))
    return svg.strip(96, f"Paired difference, tuned minus base: {spoken}", parts)


def reach(entries: Sequence[dict[str, Any]]) -> float:
    """Half the width of the differences' common axis: the least round number that holds every interval."""
    ends = [abs(entry["difference"][end]) for entry in entries if entry["difference"] for end in ("low", "high")]
    return next((limit for limit in (4.0, 10.0, 20.0, 30.0, 40.0, 60.0) if limit >= max(ends, default=0.0)), 100.0)


def _dot(x_percent: float, y: float, name: str, radius: float) -> Markup:
    return svg.element("circle", {"cx": f"{x_percent:.3f}%", "cy": y, "r": radius, "class": name})
