"""The page of a verification: what it says, that it is the same every time, and that data cannot write into it."""

import re
from pathlib import Path

import pytest
from verification_run import HOSTILE, make_verification

from rlvr.errors import RlvrError
from rlvr.report.verification_page import build


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory):
    return make_verification(tmp_path_factory.mktemp("verification"))


@pytest.fixture(scope="module")
def page(run, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = build(**run, out=tmp_path_factory.mktemp("page"))
    assert path.name == "verification.html"
    return path.read_text(encoding="utf-8")


def section(page: str, name: str) -> str:
    return page.partition(f'<section id="{name}"')[2].partition("</section>")[0]


def test_the_verdict_stands_first(page):
    assert "<h1>The data did not pass</h1>" in page
    assert "7 checks judged 42 training rows and 15 test rows. 2 critical checks found something, 2 warnings." in page
    assert re.search(r"<dt>In quarantine</dt><dd class=\"warning\">3</dd>", page)
    assert "The verify gate quarantined 3 of 42 rows" in page


def test_critical_failures_come_first_and_passing_checks_are_named(page):
    checks = section(page, "checks")
    order = [
        checks.index(title)
        for title in (
            "No row is part of a benchmark",
            "Every picture decodes in full",
            "No row repeats another",
            "No answer is far commoner",
            "Every source has a licence",
            "2 checks found nothing",
            "No picture is more than 200 times",
        )
    ]
    assert order == sorted(order)
    assert '<b>2</b><span class="range">of 42 rows</span>' in checks
    assert '<b>1</b><span class="range">of 1 set</span>' in checks


def test_a_check_that_had_nothing_to_judge_has_not_passed(run, tmp_path):
    idle = {**run["verdict"]["checks"][0], "judged": 0, "title": "Every span is in order"}
    verdict = {**run["verdict"], "checks": [*run["verdict"]["checks"], idle]}
    checks = section(build(verdict, run["facts"], tmp_path).read_text(encoding="utf-8"), "checks")
    assert "2 checks found nothing" in checks
    assert "Nothing to judge: Every span is in order." in checks


def test_quarantined_rows_have_their_reasons_and_what_was_measured(page, run):
    listed = section(page, "quarantine")
    decodable = next(check for check in run["verdict"]["checks"] if check["name"] == "decodable")
    row = listed.partition(f"<code>{decodable['row_ids'][0]}</code>")[2].partition("</tr>")[0]
    assert "Every picture decodes in full" in row and "OSError: &lt;script&gt;" in row
    assert listed.count("<tr>") == 1 + 3


def test_sources_say_licence_commit_and_counts(page):
    sources = section(page, "sources")
    assert "<code>0123456789ab</code>" in sources and "42 / 70,000" in sources and "15 / –" in sources
    assert "2 files, 1\n          of 1 as published" in sources and "not stated" in sources
    assert "2 left out by the publication" in sources


def test_contamination_shows_pairs_side_by_side(page):
    shown = section(page, "contamination")
    assert "Leaks into superclevr_200" in shown and "Pictures shared with superclevr_200" in shown
    assert "Near duplicates within training" in shown
    assert shown.count("<article") == 2 + 1 + 2
    assert shown.count("data:image/png;base64,") == 2 * (2 + 1 + 2)
    assert "same pixels" in shown and "near copy: hashes differ in" in shown


def test_distributions_are_drawn_with_words(page):
    drawn = section(page, "distributions")
    assert drawn.count("<svg") == 5
    assert 'aria-label="Share of each answer: 3: ' in drawn
    assert "Width of the smallest picture in px: 216 to 480 px, median" in drawn


def test_nothing_that_data_wrote_is_markup(page):
    assert "<script" not in page and "onerror=alert(1)&gt;" in page
    assert not re.search(r"<img(?! src=\"data:image/png;base64,)", page)
    assert "{{ 7*7 }}" in page
    assert "\x00" not in page and "\u202e" not in page
    assert HOSTILE not in page


def test_equal_inputs_give_equal_bytes(run, page, tmp_path):
    assert build(**run, out=tmp_path).read_text(encoding="utf-8") == page


def test_without_pictures_pairs_are_listed_all_the_same(run, tmp_path):
    text = build(run["verdict"], run["facts"], tmp_path).read_text(encoding="utf-8")
    assert "data:image/png" not in text
    assert section(text, "contamination").count("<article") == 5


def test_a_verdict_without_findings_or_benchmarks_is_a_page_too(run, tmp_path):
    verdict = {
        "passed": True,
        "rows_in": 42,
        "rows_out": 42,
        "test_rows": 0,
        "checks": [],
        "sources": [],
        "overlap": [],
    }
    text = build(verdict, run["facts"], tmp_path).read_text(encoding="utf-8")
    assert "<h1>The data passed</h1>" in text and "No row is in quarantine." in text and "No check was run." in text


def test_a_search_that_was_cut_short_says_so(run, tmp_path):
    overlap = {**run["verdict"]["overlap"][0], "complete_to_bits": 5}
    text = build({**run["verdict"], "overlap": [overlap]}, run["facts"], tmp_path).read_text(encoding="utf-8")
    assert "hashes differ in at most 5 bits, not 8" in text


def test_facts_that_are_not_there_are_named(run, tmp_path):
    with pytest.raises(RlvrError, match=r"facts\.parquet"):
        build(run["verdict"], Path(tmp_path / "facts.parquet"), tmp_path)
