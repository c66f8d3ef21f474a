"""Suites are files: the shipped ones are whole, a user's changes, adds and removes checks, and mistakes are named."""

import json

import pyarrow as pa
import pytest

from rlvr.data import checks
from rlvr.data.checks import judge
from rlvr.data.fact_schema import SCHEMA
from rlvr.data.set_facts import SCHEMA as SETS
from rlvr.data.source_facts import SCHEMA as SOURCES
from rlvr.data.suites import read_suite, suites
from rlvr.errors import RlvrError


def written(folder, text):
    path = folder / "own.toml"
    path.write_text(text)
    return path


def test_every_shipped_check_names_a_fact():
    columns = {"rows": SCHEMA.names, "sets": SETS.names, "sources": SOURCES.names}
    for kind, listed in suites().items():
        assert listed
        assert {check.column for check in listed} <= set(columns[kind])
        assert len({check.name for check in listed}) == len(listed)
        assert all(check.why and check.title for check in listed)


def test_a_user_changes_adds_and_removes(tmp_path):
    own = read_suite(
        written(
            tmp_path,
            """
            [[rows]]
            name = "min_side"
            severity = "warning"
            arguments = { min_value = 56 }

            [[rows]]
            name = "one_script"
            severity = "off"

            [[rows]]
            name = "short"
            severity = "critical"
            column = "prompt_characters"
            expectation = "expect_column_values_to_be_between"
            arguments = { max_value = 10 }
            """,
        )
    )
    found = {check.name: check for check in suites(own)["rows"]}
    assert (found["min_side"].severity, found["min_side"].arguments) == ("warning", {"min_value": 56})
    assert found["min_side"].why == {check.name: check for check in suites()["rows"]}["min_side"].why
    assert "one_script" not in found
    table = pa.table({"position": [0, 1], "row_id": ["a", "b"], "prompt_characters": [10, 11]})
    (finding,) = judge(table, [found["short"]])
    assert finding.row_ids == ("b",)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("rows = 3", "expected lists of tables"),
        ("[[columns]]\nname = 'a'", "'columns'"),
        ("[[rows]]\nseverity = 'info'", "has no name"),
        ("[[rows]]\nname = 'unique'\nseverity = 'fatal'", "severity 'fatal'"),
        ("[[rows]]\nname = 'uniqe'\nseverity = 'off'", "'uniqe', which is no check"),
        ("[[rows]]\nname = 'mine'\nseverity = 'info'", "'mine'"),
        ("[[rows]]\nname = 'unique'\ncolour = 'red'", "colour"),
        ("[[rows]", "is not TOML"),
    ],
)
def test_mistakes_in_a_suite_are_named(tmp_path, text, part):
    with pytest.raises(RlvrError, match=part):
        read_suite(written(tmp_path, text))


def test_a_suite_that_is_not_there(tmp_path):
    with pytest.raises(RlvrError, match="cannot be read"):
        read_suite(tmp_path / "none.toml")


def own_check(**changes):
    listed = {"name": "mine", "severity": "info", "column": "size", "expectation": "expect_column_values_to_be_unique"}
    return suites({"rows": [listed | changes]})["rows"][-1]


TABLE = pa.table({"position": [0, 1, 2, 3], "row_id": list("abcd"), "size": pa.array([1, 2, None, 2])})


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"column": "length"}, "'length', which is not among size"),
        ({"expectation": "expect_table_row_count_to_equal"}, "one by one"),
        ({"expectation": "drop_table"}, "one by one"),
        ({"arguments": {"min_value": 1}}, "do not fit"),
        ({"expectation": "expect_column_values_to_match_regex", "arguments": {"regex": "("}}, "could not be computed"),
    ],
)
def test_checks_that_cannot_be_made_are_named(change, part):
    with pytest.raises(RlvrError, match=part):
        judge(TABLE, [own_check(**change)])


def test_nulls_are_not_judged_and_findings_are_plain_json(monkeypatch):
    (finding,) = judge(TABLE, [own_check()])
    assert (finding.judged, finding.positions, finding.row_ids) == (3, (1, 3), ("b", "d"))
    json.dumps([finding.judged, finding.positions])  # numpy scalars would not go
    monkeypatch.setattr(checks, "PART_ROWS", 2)
    between = own_check(expectation="expect_column_values_to_be_between", arguments={"max_value": 1})
    (finding,) = judge(TABLE, [between])
    assert finding.row_ids == ("b", "d")
    (finding,) = judge(TABLE.slice(2, 1), [between])
    assert (finding.judged, finding.row_ids) == (0, ())
