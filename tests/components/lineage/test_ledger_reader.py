"""A ledger read by several processes says the same as one read by one, findings included."""

import pytest

from lineage_story import Story
from rlvr.lineage import ledger, ledger_reader
from rlvr.lineage.keys import trusted
from rlvr.lineage.ledger_reader import read_ledger


@pytest.fixture
def long_story(story):
    for number in range(6):
        story.stage(f"report {number}", {"rows": "rows"}, {"out": "verdict"})
    assert story.history().newest[0] == 12
    return story


def by_processes(story: Story, monkeypatch, told=None):
    with monkeypatch.context() as patch:
        patch.setattr(ledger_reader, "ALONE", 4)
        patch.setattr(ledger_reader, "CHUNK", 3)
        return read_ledger(story.store, trusted(), advance=told or (lambda done, count: None))


def test_all_processors_read_what_one_reads(long_story, monkeypatch):
    progress = []
    history = by_processes(long_story, monkeypatch, lambda done, count: progress.append((done, count)))
    assert history == long_story.history() and history.findings == () and len(history.entries) == 12
    assert progress == [(number, 12) for number in range(1, 13)]


def test_what_is_wrong_is_found_across_the_parts_that_processes_take(long_story, monkeypatch):
    first, second = (long_story.document(index).read_text() for index in (3, 4))  # the end of one part, the next one's
    long_story.document(3).write_text(second)
    long_story.document(4).write_text(first)
    long_story.document(9).unlink()
    history = by_processes(long_story, monkeypatch)
    assert history == long_story.history()
    found = {(one.kind, one.what) for one in history.findings}
    assert found >= {("order", ledger.key(3)), ("order", ledger.key(4)), ("statement missing", ledger.key(9))}


def test_a_statement_that_goes_while_the_ledger_is_read_is_missed(long_story, monkeypatch):
    numbers = ledger.numbers(long_story.store)
    monkeypatch.setattr(ledger, "numbers", lambda store: [*numbers, 13])
    long_story.document(5).unlink()
    assert ("statement missing", ledger.key(5)) in {
        (one.kind, one.what) for one in by_processes(long_story, monkeypatch).findings
    }
