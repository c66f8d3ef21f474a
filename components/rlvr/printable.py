r"""Foreign text made fit for terminals and logs: what would act there is written out.

    printable("a\x1b[2Jb\u202ec")  ->  "a\\x1b[2Jb\\u202ec"

Escape sequences can clear a screen, rename a window, put text on the clipboard or hide what stands before them;
carriage returns overwrite a line, and direction marks turn it round. Completions, row ids, file names, judges' answers
and the lines of other machines' logs may hold all of these.
"""

import unicodedata

JOINERS = "\u200c\u200d"
"""Format characters that scripts and emoji need, and that do nothing else."""


def printable(text: str, keep: str = "\n\t") -> str:
    """`text` with control, format and surrogate characters, but for those in `keep`, as Python would write them."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char in keep or not acts(char) else _written(char) for char in text)


def acts(char: str) -> bool:
    """Whether a character does something other than to be seen."""
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in JOINERS


def _written(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
