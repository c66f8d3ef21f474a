"""How a report writes numbers and foreign text.

Replies of models, questions and names come from outside: control characters and direction overrides are taken out
here, and the template escapes what remains.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

NONE = "–"
"""What stands for a value that was not recorded."""


def clean(value: Any) -> Any:
    """Text without control, formatting and surrogate characters (line breaks and tabs stay); other values as they are.

    It sees every value the template prints, so None becomes a dash here as well.
    """
    if value is None:
        return NONE
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "".join(char for char in value if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs"))


def clip(value: str, limit: int = 600) -> str:
    """A long reply's beginning and end, with a note of how much was left out between them."""
    value = clean(value).strip()
    if len(value) <= limit:
        return str(value)
    half = limit // 2
    return f"{value[:half].rstrip()}\n[… {len(value) - 2 * half:,} characters left out …]\n{value[-half:].lstrip()}"


def percent(value: float | None, digits: int = 1) -> str:
    """A number in per cent without its sign, e.g. `48.0`."""
    return NONE if value is None else f"{value:.{digits}f}".replace("-", "−")


def signed(value: float | None, digits: int = 1) -> str:
    """A difference with its sign, e.g. `+34.5`; what rounds to zero carries none."""
    if value is None:
        return NONE
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def count(value: float | None) -> str:
    """A count with thousands separated, e.g. `12,408`."""
    return NONE if value is None else f"{value:,.0f}"


def counted(value: float | None, noun: str) -> str:
    """A count with its noun: `1 row`, `12,408 rows`, `no rows`."""
    if not value:
        return f"{NONE if value is None else 'no'} {noun}s"
    return f"{count(value)} {noun}{'' if value == 1 else 's'}"


def duration(seconds: float | None) -> str:
    """Wall time in the two largest units, e.g. `1 h 23 min`."""
    if seconds is None:
        return NONE
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def memory(value: float | None) -> str:
    """Bytes in binary units, e.g. `63.1 GiB`."""
    if value is None:
        return NONE
    size, units = float(value), ["B", "KiB", "MiB", "GiB", "TiB"]
    while size >= 1024 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{size:.0f} B" if units[0] == "B" else f"{size:.1f} {units[0]}"


def compact(value: float) -> str:
    """A number for an axis or a line's end, e.g. `0.083`, `1.2k`, `1e-6`."""
    size = abs(value)
    if size == 0:
        return "0"
    if size < 1e-3:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}".replace("-", "−")
    if size >= 10_000:
        return f"{value / 1000:.0f}k".replace("-", "−")
    return f"{value:.3g}".replace("-", "−") if size < 1000 else f"{value:.0f}".replace("-", "−")


def setting(value: Any) -> str:
    """A setting of a method as people write it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return re.sub(r"e-0*", "e−", f"{value:.6g}").replace("-", "−")
    if isinstance(value, list):
        return ", ".join(setting(item) for item in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {setting(item)}" for key, item in value.items()) or "none"
    return str(value)


def breakable(value: str) -> Markup:
    """A dotted name that may break after its dots and underscores."""
    return Markup(re.sub(r"([._])", r"\1<wbr>", str(escape(clean(value)))))


def plain_markdown(value: Any) -> str:
    """Foreign text for a Markdown page: on one line, and nothing in it is markup."""
    return re.sub(r"([\\`*_{}\[\]<>|#!~&])", r"\\\1", " ".join(str(clean(value)).split()))


def interval(entry: Mapping[str, Any] | None, key: str) -> str:
    """A number with its interval, e.g. `48.0 [41.2, 54.9]`; a difference (`key` is `value`) carries its sign."""
    write = signed if key == "value" else percent
    return f"{write(entry[key])} [{write(entry['low'])}, {write(entry['high'])}]" if entry else NONE


FILTERS = {
    "breakable": breakable,
    "interval": interval,
    "plain_markdown": plain_markdown,
    "clip": clip,
    "percent": percent,
    "signed": signed,
    "count": count,
    "counted": counted,
    "duration": duration,
    "memory": memory,
    "setting": setting,
}
"""What the template calls these functions."""
