r"""Equality of short mathematical answers as text, in the customary normal form of the MATH data set.

    "\frac12"  =  "1/2"  =  "0.5"        "10\%"  =  "10"        "x=5"  =  "5"

Rule: hendrycks_math.py of EleutherAI/lm-evaluation-harness, which VL methods copy (VLM-R1 utils/math.py@90052f4).
"""

UNITS = "\\text{ "
"""What a unit behind a number begins with."""

REPLACEMENTS = (
    ("\n", ""),
    ("\\!", ""),
    ("\\\\", "\\"),
    ("tfrac", "frac"),
    ("dfrac", "frac"),
    ("\\left", ""),
    ("\\right", ""),
    ("^{\\circ}", ""),
    ("^\\circ", ""),
    ("\\$", ""),
)
"""Spelling that does not matter, taken out in this order."""


def equal(one: str, other: str) -> bool:
    """Whether both have the same normal form; where one has none, whether they are the same text."""
    try:
        return normal(one) == normal(other)
    except ValueError:
        return one == other


def normal(text: str) -> str:
    """The normal form; ValueError where the rule cannot take the text apart."""
    for found, put in REPLACEMENTS:
        text = text.replace(found, put)
    if text.count(UNITS) > 1:
        raise ValueError("more than one unit")
    text = text.partition(UNITS)[0].replace("\\%", "")
    text = text.replace(" .", " 0.").replace("{.", "{0.")
    if not text:
        return text
    if text.startswith("."):
        text = "0" + text
    name, equals, value = text.partition("=")
    if equals and "=" not in value and len(name) <= 2:
        text = value
    text = _braced_fractions(_braced_roots(text).replace(" ", ""))
    return _fraction_of_slash("\\frac{1}{2}" if text == "0.5" else text)


def boxed(text: str) -> str | None:
    r"""Content of the last `\boxed{...}`; None without one, ValueError where it is cut off or not a plain box."""
    if "\\boxed " in text:
        return text.rpartition("\\boxed ")[2].partition("$")[0]
    start = max(text.rfind("\\boxed"), -1)
    start = start if start >= 0 else text.rfind("\\fbox")
    if start < 0:
        return None
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if text[place] == "}" and depth == 0:
            if not text.startswith("\\boxed{", start):
                raise ValueError("not a plain box")
            return text[start + len("\\boxed{") : place]
    return None


def _braced_roots(text: str) -> str:
    r"""`\sqrt3` -> `\sqrt{3}`."""
    head, *parts = text.split("\\sqrt")
    return head + "".join("\\sqrt" + _braced_first(part) for part in parts)


def _braced_first(part: str) -> str:
    if not part:
        raise ValueError("a root of nothing")
    return part if part[0] == "{" else "{" + part[0] + "}" + part[1:]


def _braced_fractions(text: str) -> str:
    r"""`\frac12` and `\frac1{2}` -> `\frac{1}{2}`; the text itself where a fraction has one character."""
    head, *parts = text.split("\\frac")
    whole = [head]
    for part in parts:
        if not part:
            raise ValueError("a fraction of nothing")
        if part[0] != "{":
            if len(part) < 2:
                return text
            below = part[1:] if part[1] == "{" else "{" + part[1] + "}" + part[2:]
            part = "{" + part[0] + "}" + below
        whole.append(part)
    return "\\frac".join(whole)


def _fraction_of_slash(text: str) -> str:
    r"""`1/2` -> `\frac{1}{2}`; ValueError where exactly one slash stands between other things than integers."""
    above, _, below = text.partition("/")
    if text.count("/") != 1:
        return text
    one, other = int(above), int(below)
    return f"\\frac{{{one}}}{{{other}}}" if text == f"{one}/{other}" else text
