"""The table that `make faults` writes."""

import pytest
import table


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "_counts", {})


def test_records_of_a_fault_are_added_up() -> None:
    assert table.markdown() == ""
    table.record("object store", "reset", tried=3, repeated=1)
    table.record("training", "kill -9", tried=1)
    table.record("object store", "full disk", tried=1, lost=1)
    table.record("object store", "reset", tried=1000)
    assert table.markdown() == (
        "| where | fault | tried | stopped, then repeated | lost |\n"
        "|---|---|---:|---:|---:|\n"
        "| object store | full disk | 1 | 0 | 1 |\n"
        "| object store | reset | 1,003 | 1 | 0 |\n"
        "| training | kill -9 | 1 | 0 | 0 |\n"
        "| all | | 1,005 | 1 | 1 |\n"
    )


def test_what_another_process_counted_makes_the_same_table() -> None:
    table.record("object store", "reset", tried=3, repeated=1)
    counted, text = table.counted(), table.markdown()
    table._counts.clear()
    for part, fault, tried, repeated, lost in counted:
        table.record(part, fault, tried=tried, repeated=repeated, lost=lost)
    assert table.markdown() == text


def test_a_count_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot come of 1 tried"):
        table.record("object store", "reset", tried=1, repeated=1, lost=1)
