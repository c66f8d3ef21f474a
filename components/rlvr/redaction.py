"""Secrets of the environment taken out of what is written for others: messages, tracebacks, progress, failure reports.

    HF_TOKEN=hf_abc...    "401 for token hf_abc..."  ->  "401 for token [HF_TOKEN]"

No code here writes a secret; this is for what libraries and rewards of one's own put into their errors. A secret is the
value of a variable whose name says so, or the password in an address, if it is long enough to be one.
"""

import os
import sys
import threading
import traceback
from collections.abc import Mapping
from types import TracebackType
from urllib.parse import quote, unquote, urlsplit

NAMED = ("SECRET", "TOKEN", "PASSWORD", "_KEY", "APIKEY", "CREDENTIAL")
"""Parts of the names of variables that hold secrets."""
PLACES = ("_FILE", "_PATH", "_URI", "_URL", "_KEYS", "RLVR_SIGNING_KEY", "_PARALLELISM")
"""Ends of the names of those that only say where one is, or say something else."""
SHORTEST = 6
"""Characters of a secret; shorter ones would take words out of ordinary text."""


def secrets(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Secret -> name of the variable that holds it, longest first."""
    found: dict[str, str] = {}
    for name, value in (os.environ if environment is None else environment).items():
        text = value.strip()
        if any(part in name.upper() for part in NAMED) and not name.upper().endswith(PLACES):
            found[text] = name
        elif "@" in text and "://" in text:
            found |= dict.fromkeys(_passwords(text), name)
    long_enough = {text: name for text, name in found.items() if len(text) >= SHORTEST}
    return dict(sorted(long_enough.items(), key=lambda entry: (-len(entry[0]), entry[0])))


def redacted(text: str) -> str:
    """`text` with every secret of this process's environment replaced by the name of its variable."""
    for secret, name in secrets().items():
        if secret in text:
            text = text.replace(secret, f"[{name}]")
    return text


def redact_tracebacks() -> None:
    """Let what ends this process, or a thread of it, be printed without secrets."""
    sys.excepthook = _print
    threading.excepthook = lambda told: _print(told.exc_type, told.exc_value, told.exc_traceback)


def _print(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    sys.stderr.write(redacted("".join(traceback.format_exception(kind, error, trace))))


def _passwords(address: str) -> list[str]:
    """The password in an address, as it is written there and as it is meant."""
    try:
        password = urlsplit(address).password or ""
    except ValueError:
        return []
    return [password, unquote(password), quote(unquote(password), safe="")]
