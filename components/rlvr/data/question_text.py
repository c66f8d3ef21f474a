"""What is odd about a row's text: placeholders, broken encoding, control characters, scripts that do not go together.

    mojibake("l'Ã©lÃ¨ve")                  ->  "Ã©"
    mixed_scripts("How long?", "2小时")     ->  "CJK among LATIN"

Every search is linear, and looks at the first `SEEN_CHARACTERS` alone.
"""

import re
import unicodedata
from collections import Counter
from functools import lru_cache

SEEN_CHARACTERS = 65_536
"""How much of a text is searched."""

PLACEHOLDER = re.compile(r"<\|[A-Za-z_]+\|>|</?(?:image|img|video|audio)(?:_?(?:pad|\d+))?>|<IMG_CONTEXT>|\[IMG\]")
"""Text that chat templates and processors give a meaning of their own."""

_HIGH = re.compile(
    "[\u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]{2,8}"
)
"""What bytes above 127 look like when they are read as Windows-1252 or Latin-1."""

_INVISIBLE = frozenset(
    "\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
"""Format characters that hide or turn round what is read."""

_PLAIN = re.compile(r"[ -~\t\n\r]*")
"""What has no such characters at a glance."""

_LATIN_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z][a-z]{3,}")
"""Four Latin letters or more that are no LaTeX command: points (ABC), units and functions do not make a text Latin."""

_MATHEMATICAL = frozenset({"GREEK", "LATIN"})
"""Scripts of mathematical notation, single letters of which stand in any text; Latin words count by themselves."""

_ASIAN = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "KATAKANA-HIRAGANA": "CJK", "BOPOMOFO": "CJK", "IDEOGRAPHIC": "CJK"}
"""Scripts that belong together."""


def placeholders(text: str) -> list[str]:
    """Every placeholder in a text, in order."""
    return PLACEHOLDER.findall(text)


def mojibake(*texts: str) -> str:
    """The first piece of UTF-8 that was read as a one-byte encoding, or a replacement character; empty when none."""
    for text in texts:
        seen = text[:SEEN_CHARACTERS]
        if "\ufffd" in seen:
            return "\ufffd"
        for match in _HIGH.finditer(seen):
            if found := _misread(match.group()):
                return found
    return ""


def _misread(run: str) -> str:
    """The part of a run of high characters whose bytes are UTF-8, which chance seldom makes."""
    for start in range(len(run) - 1):
        for encoding in ("cp1252", "latin-1"):
            try:
                encoded = run[start:].encode(encoding)
            except UnicodeEncodeError:
                continue
            length = 2 if 0xC3 <= encoded[0] <= 0xDF else 3 if 0xE0 <= encoded[0] <= 0xEF else 4
            try:
                encoded[:length].decode()
            except UnicodeDecodeError:
                continue
            if len(encoded) >= length:
                return run[start : start + length]
    return ""


def control_characters(*texts: str) -> str:
    """Control characters other than tab and line ends, and invisible format characters, as `U+0000 U+200B`."""
    found = {
        char
        for text in texts
        if not _PLAIN.fullmatch(seen := text[:SEEN_CHARACTERS])
        for char in set(seen)
        if char in _INVISIBLE or (unicodedata.category(char) == "Cc" and char not in "\t\n\r")
    }
    return " ".join(f"U+{ord(char):04X}" for char in sorted(found))


def mixed_scripts(*texts: str) -> str:
    """The scripts of the texts taken together, the rare ones among the commonest; empty when there is one."""
    if all(map(str.isascii, texts)):
        return ""
    counts: Counter[str] = Counter()
    for text in texts:
        seen = text[:SEEN_CHARACTERS]
        counts["LATIN"] += sum(len(word) for word in _LATIN_WORD.findall(seen))
        for char, number in Counter(seen).items():
            if (name := _script(char)) not in _MATHEMATICAL:
                counts[name] += number
    order = [name for name, number in counts.most_common() if name and number]
    return f"{', '.join(sorted(order[1:]))} among {order[0]}" if len(order) > 1 else ""


@lru_cache(maxsize=65_536)
def _script(char: str) -> str:
    """First word of a letter's Unicode name; empty for anything but letters."""
    if not char.isalpha():
        return ""
    name = unicodedata.name(char, "").partition(" ")[0]
    # Letters made for formulas, such as the double-struck ones, belong to no language.
    return "" if name in ("MATHEMATICAL", "SCRIPT", "DOUBLE-STRUCK", "FULLWIDTH") else _ASIAN.get(name, name)


def normal(text: str) -> str:
    """Text without differences of width, case and white space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
