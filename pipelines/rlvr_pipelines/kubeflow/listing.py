"""Reading lists of the API to their end, and finding things by name."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from rlvr.errors import RlvrError
from rlvr_pipelines.kubeflow.connection import Connection

PAGE = 100
"""Entries asked for at a time."""
PAGES = 1000
"""Pages after which a list is taken for endless."""


def every(connection: Connection, what: str, page: Callable[[str], Any], entries: str) -> Iterator[Any]:
    """All entries of a list; `page(token)` asks for one page, whose attribute `entries` holds them."""
    token = ""
    for _ in range(PAGES):
        answer = connection.call(what, lambda token=token: page(token))  # type: ignore[misc]
        yield from getattr(answer, entries) or ()
        token = answer.next_page_token or ""
        if not token:
            return
    raise RlvrError(f"{what}: the list does not end after {PAGES * PAGE:,} entries; ask whoever runs the installation.")


def equals(key: str, value: str) -> str:
    """A filter: `key` is `value`."""
    return json.dumps({"predicates": [{"operation": "EQUALS", "key": key, "stringValue": value}]})


def contains(key: str, value: str) -> str:
    """A filter: `value` stands in `key`."""
    return json.dumps({"predicates": [{"operation": "IS_SUBSTRING", "key": key, "stringValue": value}]})
