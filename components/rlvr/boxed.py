r"""Contents of LaTeX boxes: `\boxed{...}` with balanced braces, in time linear in the text.

    last_boxed(r"so \boxed{\frac{1}{2}}")  ->  r"\frac{1}{2}"

Braces that close nothing, and boxes that are never closed, are passed over.
"""

import re

_BRACE = re.compile(r"\\boxed\{|[{}]")


def box_spans(text: str) -> list[tuple[int, int]]:
    r"""Where the contents of all closed boxes lie, `(start, end)`, in the order of their openings; they may nest."""
    open_braces: list[tuple[int, bool]] = []
    spans = []
    for brace in _BRACE.finditer(text):
        if brace.group() != "}":
            open_braces.append((brace.end(), brace.group() != "{"))
        elif open_braces:
            start, is_box = open_braces.pop()
            if is_box:
                spans.append((start, brace.start()))
    return sorted(spans)


def last_boxed(text: str) -> str | None:
    """Content of the closed box that opens last; None when there is none."""
    spans = box_spans(text)
    return text[slice(*spans[-1])] if spans else None
