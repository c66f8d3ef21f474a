"""The terminal that commands print on: text from elsewhere is shown there and does nothing."""

import os
from collections.abc import Iterable
from typing import Any

import rich.console
from rich.console import ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from rlvr.printable import printable

FILE_WIDTH = 120
"""Characters of a line in files and pipes, which have no width of their own; COLUMNS sets another."""


class Console(rich.console.Console):
    """rich's console, on which control characters in what is printed are written out (`rlvr.printable`).

    rich takes out a few of them and lets escape sequences through. Colours and movements of its own are no text and
    stay. Markup is not dealt with here: foreign text goes through `rich.markup.escape`.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        if not self.is_terminal and settings.get("width") is None and "COLUMNS" not in os.environ:
            self.width = FILE_WIDTH

    def render_str(self, text: str, **settings: Any) -> Text:
        """A string as styled text; cleaned before it is laid out, so that columns stay straight."""
        return super().render_str(printable(text), **settings)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Pieces of whatever is printed; those that did not come from strings are cleaned here."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment(printable(segment.text), segment.style)
