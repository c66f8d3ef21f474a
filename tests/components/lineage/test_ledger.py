"""Appending again after the store gave up: the statement stands once, whatever others have added meanwhile."""

import pytest

from rlvr.errors import RlvrError
from rlvr.lineage import ledger
from rlvr.lineage.keys import signer
from rlvr.store import LocalStore

STATEMENT = {"note": "mine"}


@pytest.fixture
def failing(story, monkeypatch):
    """Appends my statement to a store that fails; `arrives` says whether it does so after the write."""

    def append(arrives):
        store = LocalStore(story.store.root)
        whole = store.write

        def write(key, text, **more):
            if arrives:
                whole(key, text, **more)
            raise RlvrError("the server said nothing")

        monkeypatch.setattr(store, "write", write)
        with pytest.raises(RlvrError, match="said nothing"):
            ledger.append(store, STATEMENT, signer())

    return append


def added(story, count):
    """How often my statement is among those after the first `count`."""
    later = ledger.numbers(story.store)[count:]
    return sum(story.payload(number).get("note") == "mine" for number in later), len(later)


@pytest.mark.parametrize("others", [0, 1, 3])
@pytest.mark.parametrize("arrives", [True, False])
def test_a_repeated_append_adds_the_statement_once(story, failing, others, arrives):
    before = len(ledger.numbers(story.store))
    failing(arrives)
    for number in range(others):
        ledger.append(story.store, {"note": f"another's {number}"}, signer())
    number = ledger.append(story.store, STATEMENT, signer())
    assert number == before + 1 + (0 if arrives else others)
    assert added(story, before) == (1, others + 1)


def test_what_was_answered_and_is_said_again_stands_twice(story):
    before = len(ledger.numbers(story.store))
    assert [ledger.append(story.store, STATEMENT, signer()) for _ in range(2)] == [before + 1, before + 2]
    assert added(story, before) == (2, 2)


def test_a_store_that_gives_up_twice_is_asked_a_third_time(story, failing):
    before = len(ledger.numbers(story.store))
    failing(False)
    ledger.append(story.store, {"note": "another's"}, signer())
    failing(True)
    ledger.append(story.store, {"note": "another's again"}, signer())
    assert ledger.append(story.store, STATEMENT, signer()) == before + 2
    assert added(story, before) == (1, 3)
