"""What a store remembers of finished work: documents that anybody who can write there can write."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from rlvr.store import Store

FOLDER = "records/"
READERS = 16
"""Records read from the store at once."""


def promised(store: Store) -> Iterator[tuple[str, list[str]]]:
    """Key of each finished work and the digests that its record promises; records that cannot be read promise none."""
    names = store.keys(FOLDER)
    with ThreadPoolExecutor(READERS) as pool:
        for name, text in zip(names, pool.map(store.read, names), strict=True):
            yield name.removeprefix(FOLDER).removesuffix(".json"), _digests(text or "")


def _digests(text: str) -> list[str]:
    try:
        told = [str(digest) for digest in json.loads(text)["outputs"].values()]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []
    return [digest for digest in told if re.fullmatch(r"[0-9a-f]{64}", digest)]
