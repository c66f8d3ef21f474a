"""The page of a verification in a real browser: it fits every width, fetches nothing and keeps the console silent."""

import json
from pathlib import Path
from typing import Any

import pytest
from test_report_browser import CONTRASTS, OVERFLOWING, browser, of_a_page, pytestmark, show  # noqa: F401
from verification_run import make_verification

from rlvr.report.verification_page import build


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("verification")
    return build(**make_verification(root), out=root / "out")


def test_page_is_silent_and_fetches_only_itself(browser: Any, page: Path) -> None:  # noqa: F811
    browser.get_log("browser"), browser.get_log("performance")
    show(browser, page, 1280)
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if of_a_page(m)]
    assert {url for url in asked if not url.startswith("data:image/png;base64,")} == {page.as_uri()}


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_page_has_no_horizontal_overflow(browser: Any, page: Path, width: int) -> None:  # noqa: F811
    show(browser, page, width)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.execute_script(OVERFLOWING) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(browser: Any, page: Path, scheme: str) -> None:  # noqa: F811
    show(browser, page, 1280, scheme)
    assert browser.execute_script(CONTRASTS) == {}


def test_pictures_are_drawn_and_texts_are_legible(browser: Any, page: Path) -> None:  # noqa: F811
    show(browser, page, 390)
    assert browser.execute_script("return document.images.length") == 10
    assert browser.execute_script(
        "return [...document.images].every(image => image.complete && image.naturalWidth > 0)"
    )
    smallest = browser.execute_script(
        "return Math.min(...[...document.querySelectorAll('svg text')].map(t => t.getBoundingClientRect().height))"
    )
    assert smallest >= 11


def test_headings_go_down_one_level_at_a_time(browser: Any, page: Path) -> None:  # noqa: F811
    show(browser, page, 1280)
    levels = browser.execute_script("return [...document.querySelectorAll('h1, h2, h3')].map(h => +h.tagName[1])")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


def test_page_prints(browser: Any, page: Path) -> None:  # noqa: F811
    show(browser, page, 1280, "dark")
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    assert len(printed["data"]) > 50_000
