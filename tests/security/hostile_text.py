"""Texts that act where they are shown carelessly: on a terminal, in rich's markup, in HTML, in Markdown, in YAML."""

from rich.console import Console

TERMINAL = (
    "\x1b[2J\x1b[H",  # clears the screen
    "\x1b]0;owned\x07",  # renames the window
    "\x1b]52;c;cm0gLXJmIC8=\x07",  # puts a command on the clipboard
    "\x1b]8;;https://evil.example\x1b\\log in\x1b]8;;\x1b\\",  # a link under other words
    "\x9b31m",  # the same in one byte
    "good\rEVIL",
    "EVIL\b\b\b\bgood",
    "\x7f\x00\x0b\x0c",
    "\u202egnp.exe",
    "\u2066\u2069\u2028\u200b",
    "\ud800",
)
MARKUP = (
    "[bold red]passed[/bold red]",
    "[link=https://evil.example]log in[/link]",
    "[/]",
    "[/nothing]",
    "\\[x]",
    "[@click=a]",
)
HTML = (
    "<script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 1'>",
    '"><svg onload="window.ran=1">',
    "' onmouseover='window.ran=1",
    "</title></style></pre></table><iframe srcdoc='<script>parent.ran=1</script>'>",
    "<!--",
    "]]><math><mtext><script>window.ran=1</script>",
    "javascript:window.ran=1",
    "&lt;script&gt;",
    "{{ 7*7 }}{% raw %}",
    "<base href=https://evil.example>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<style>@import 'https://evil.example'</style>",
)
MARKDOWN = (
    "[click](javascript:alert(1))",
    "![x](https://evil.example/p.png)",
    "\n# heading\n",
    "`code` | cell",
    "\n---\nlicense: mit\n---\n",
    "<https://evil.example>",
)


def acting(text: str) -> set[str]:
    """Characters of a printed text that do more than to be seen."""
    return {char for char in text if not (char.isprintable() or char == "\n" or char.isspace() and char.isprintable())}


def plain_console(kind: type[Console], output, width: int = 4000) -> Console:
    """A console that writes no escape sequences of its own, so that every one in its output is foreign."""
    return kind(file=output, width=width, color_system=None, force_terminal=False)
