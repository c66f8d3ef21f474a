"""A store's whole ledger, read and examined by all processors: a hundred thousand statements within a minute.

Each process opens the store itself and takes a run of numbers at a time, so that neither reading nor the signatures
wait for one processor; what comes back is put into order and held to its neighbours.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache, partial

from rlvr.errors import RlvrError
from rlvr.lineage import ledger
from rlvr.lineage.examine import Examined, examine
from rlvr.lineage.history import History, chained
from rlvr.lineage.keys import TrustedKeys
from rlvr.store import LocalStore, Store, open_store

ALONE = 4_000
"""Statements up to which one process is enough."""
CHUNK = 500
"""Statements that a process takes at a time."""
READERS = 16
"""Statements that a process asks a bucket for at once."""


def read_ledger(
    store: Store, keys: TrustedKeys, *, advance: Callable[[int, int], None] = lambda done, count: None
) -> History:
    """The history of a store; `advance` hears how many statements of how many are done."""
    promised = ledger.promised(store)  # asked first: meanwhile statements may be added, never taken away
    numbers = ledger.numbers(store)
    count = len(numbers)
    return chained(_examined(store, numbers, keys), promised, lambda done: advance(done, count))


def _examined(store: Store, numbers: Sequence[int], keys: TrustedKeys) -> Iterator[Examined]:
    if len(numbers) <= ALONE:
        yield from _run(store, numbers, keys)
        return
    workers = len(os.sched_getaffinity(0))
    runs = (numbers[start : start + CHUNK] for start in range(0, len(numbers), CHUNK))
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        waiting: list[Future[list[Examined]]] = []
        for run in runs:
            waiting.append(pool.submit(_elsewhere, store.url, run, keys))
            if len(waiting) > 2 * workers:
                yield from waiting.pop(0).result()
        for future in waiting:
            yield from future.result()


def _elsewhere(url: str, numbers: Sequence[int], keys: TrustedKeys) -> list[Examined]:
    return _run(_opened(url), numbers, keys)


@cache
def _opened(url: str) -> Store:
    return open_store(url)


def _run(store: Store, numbers: Sequence[int], keys: TrustedKeys) -> list[Examined]:
    if isinstance(store, LocalStore):
        texts = [_text(store, number) for number in numbers]
    else:
        with ThreadPoolExecutor(READERS) as pool:
            texts = list(pool.map(partial(_text, store), numbers))
    return [examine(number, text, keys) for number, text in zip(numbers, texts, strict=True) if text is not None]


def _text(store: Store, number: int) -> str | None:
    """The text at a place; bytes that are none are a finding like any other, not the end of the audit."""
    try:
        return store.read(ledger.key(number))
    except RlvrError as error:
        if isinstance(error.__cause__, UnicodeDecodeError):
            return "\N{REPLACEMENT CHARACTER}"
        raise
