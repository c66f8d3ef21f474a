"""When a recurring run starts: cron expressions and intervals, in the form that Kubeflow's scheduler reads.

Kubeflow's cron has six fields, seconds first, and counts in the time zone of its scheduler (UTC unless whoever runs the
installation set another): `0 30 3 * * 1` is Monday, 03:30. Five fields are taken as the usual ones, at second 0.
"""

import re
from datetime import UTC, datetime

from rlvr.errors import RlvrError

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
FIELDS = (
    ("second", 0, 59, ()),
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, MONTHS),
    ("day of the week", 0, 6, DAYS),
)
"""Name, least and greatest value, and names of values, of each field."""
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def cron(text: str) -> str:
    """The expression in Kubeflow's six fields; `RlvrError` names the field that is wrong."""
    fields = text.split()
    if len(fields) == 5:
        fields = ["0", *fields]
    if len(fields) != len(FIELDS):
        raise RlvrError(
            f"{text!r} has {len(fields)} fields; write five (minute hour day month weekday) or six (seconds first)."
        )
    for field, (name, low, high, words) in zip(fields, FIELDS, strict=True):
        for part in field.split(","):
            _check(part, name, low, high, words)
    return " ".join(fields)


def seconds(value: int | str) -> int:
    """`90`, `12h`, `7d` as seconds."""
    match = re.fullmatch(r"(\d{1,9})\s*([smhdw]?)", str(value).strip())
    number = int(match[1]) * UNITS.get(match[2], 1) if match else 0
    if not number:
        raise RlvrError(f"{value!r} is not an interval; write seconds, or a number with s, m, h, d or w, e.g. 12h.")
    return number


def moment(text: str) -> str:
    """A time of RFC 3339 in UTC, to the second, e.g. `2027-01-31T03:00:00Z`."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise RlvrError(f"{text!r} is not a time; write it like 2027-01-31T03:00:00Z.") from error
    if time.tzinfo is None:
        raise RlvrError(f"{text!r} has no time zone; put Z or an offset like +01:00 behind it.")
    return written(time)


def written(time: datetime) -> str:
    """The time as `moment` gives it."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _check(part: str, name: str, low: int, high: int, words: tuple[str, ...]) -> None:
    span, slash, step = part.partition("/")
    good = not slash or (step.isdecimal() and int(step) > 0)
    if span not in ("*", "?"):
        ends = [_number(end, low, words) for end in span.split("-")]
        good = good and 1 <= len(ends) <= 2 and all(low <= end <= high for end in ends) and ends == sorted(ends)
    if not good:
        names = f" or {words[0]} to {words[-1]}" if words else ""
        raise RlvrError(
            f"{part!r} is no {name}; it is *, {low} to {high}{names}, a range a-b, or one of these with /step."
        )


def _number(text: str, low: int, words: tuple[str, ...]) -> int:
    if text.upper() in words:
        return low + words.index(text.upper())
    return int(text) if text.isdecimal() and len(text) < 4 else -1
