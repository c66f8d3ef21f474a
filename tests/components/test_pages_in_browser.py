"""The pages in a real browser: they fit every width, fetch nothing and keep the console silent, also in a sandbox."""

import copy
import html
from pathlib import Path
from typing import Any

import pytest
from audit_run import make_audit
from page_browser import CONTRASTS, OVERFLOWING, addresses_asked, browser, needs_browser, show  # noqa: F401
from report_run import make_run
from verification_run import make_verification

from rlvr.report import comparison, verification_page
from rlvr.report.page import build

pytestmark = needs_browser

PAGES = ("report", "comparison", "verification", "audit")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run's report, the comparison of three seeds of it with another method, a verification, and an audit."""
    root = tmp_path_factory.mktemp("pages")
    numbers = build(**make_run(root / "run"), out=root / "out")
    runs = []
    for seed, name in enumerate(("r1_v", "r1_v", "r1_v", "mmr1")):
        other = copy.deepcopy(numbers) | {"method": name, "title": name.upper(), "seed": seed}
        other["digests"]["tuned"] = f"{seed:02x}" * 32
        other["own_values"] = {} if name == "r1_v" else {"stages.grpo.sampling.max_new_tokens": "4096" * 30}
        for number in ("value", "low", "high"):
            other["benchmarks"][0]["difference"][number] += 2.5 * seed
        runs.append(comparison.Run(label=f"{name}-laptop-seed{seed}", numbers=other))
    comparison.build(runs, root / "comparison.html")
    for name in ("verification", "audit"):
        (root / name).mkdir()
    return {
        "report": root / "out" / "report.html",
        "comparison": root / "comparison.html",
        "verification": verification_page.build(**make_verification(root / "verification"), out=root / "verification"),
        "audit": make_audit(root / "audit"),
    }


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, pages: dict[str, Path]) -> Path:
    return pages[request.param]


def test_page_is_silent_and_fetches_only_itself(browser: Any, page: Path) -> None:  # noqa: F811
    browser.get_log("browser"), browser.get_log("performance")
    show(browser, page, 1280)
    assert browser.get_log("browser") == []
    assert addresses_asked(browser) == {page.as_uri()}


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_page_has_no_horizontal_overflow(browser: Any, page: Path, width: int) -> None:  # noqa: F811
    show(browser, page, width)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.execute_script(OVERFLOWING) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(browser: Any, page: Path, scheme: str) -> None:  # noqa: F811
    show(browser, page, 1280, scheme)
    dark = browser.execute_script("return matchMedia('(prefers-color-scheme: dark)').matches")
    assert dark == (scheme == "dark")
    assert browser.execute_script(CONTRASTS) == {}


def test_pictures_are_drawn_and_texts_are_legible(browser: Any, page: Path) -> None:  # noqa: F811
    show(browser, page, 390)
    assert browser.execute_script(
        "return [...document.images].every(image => image.complete && image.naturalWidth > 0)"
    )
    smallest = browser.execute_script(
        "return Math.min(...[...document.querySelectorAll('svg text')].map(t => t.getBoundingClientRect().height))"
    )
    assert smallest >= 11


def test_page_prints(browser: Any, page: Path) -> None:  # noqa: F811
    show(browser, page, 1280, "dark")
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    assert len(printed["data"]) > 30_000


@pytest.mark.parametrize("name", ["report", "comparison"])
def test_page_stands_in_a_sandboxed_frame_with_its_verdict_in_sight(
    browser: Any,  # noqa: F811
    pages: dict[str, Path],
    name: str,
    tmp_path: Path,
) -> None:
    """As Kubeflow's viewer shows it: `srcdoc`, no same-origin, 600 pixels high."""
    inside = html.escape(pages[name].read_text(encoding="utf-8"))
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<!doctype html><body style="margin:0"><iframe sandbox="allow-scripts" srcdoc="{inside}" '
        'style="width:100%;height:600px;border:0"></iframe>',
        encoding="utf-8",
    )
    browser.get_log("browser"), browser.get_log("performance")
    show(browser, frame, 1000)
    assert browser.get_log("browser") == []
    assert addresses_asked(browser) == {frame.as_uri()}
    browser.switch_to.frame(0)
    try:
        bottom = browser.execute_script("return document.querySelector('.lead').getBoundingClientRect().bottom")
        banner = browser.execute_script("return document.querySelector('.banner').getBoundingClientRect().bottom")
        assert 0 < bottom < banner < 600
        assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    finally:
        browser.switch_to.default_content()


def test_every_picture_of_a_verification_is_there(browser: Any, pages: dict[str, Path]) -> None:  # noqa: F811
    show(browser, pages["verification"], 390)
    assert browser.execute_script("return document.images.length") == 10


def test_headings_go_down_one_level_at_a_time(browser: Any, page: Path) -> None:  # noqa: F811
    show(browser, page, 1280)
    levels = browser.execute_script("return [...document.querySelectorAll('h1, h2, h3')].map(h => +h.tagName[1])")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


def test_every_name_in_the_graph_of_an_audit_stays_in_its_box(browser: Any, pages: dict[str, Path]) -> None:  # noqa: F811
    show(browser, pages["audit"], 390)
    widths = """
        const boxes = [...document.querySelectorAll("svg rect")].map(box => box.getBoundingClientRect());
        return [...document.querySelectorAll("svg text")].map(text => text.getBoundingClientRect())
          .filter(text => !boxes.some(box => box.left <= text.left && text.right <= box.right
                                          && box.top <= text.top && text.bottom <= box.bottom)).length;
    """
    assert browser.execute_script(widths) == 0


def test_an_audit_tells_of_every_statement(browser: Any, pages: dict[str, Path]) -> None:  # noqa: F811
    show(browser, pages["audit"], 1280)
    told = browser.execute_script("return document.body.innerText")
    for text in (
        "It does not stand up",
        "by Ada: looked at fifty replies",
        "run run-7",
        "cc-by-4.0",
        "not held: b; rows_in 3",
    ):
        assert text in told
