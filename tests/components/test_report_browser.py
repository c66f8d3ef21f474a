"""The pages in a real browser: they fit every width, fetch nothing and keep the console silent, also in a sandbox."""

import copy
import html
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report_run import make_run

from rlvr.report import comparison
from rlvr.report.page import build

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars"
).split()

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed (Debian: chromium, chromium-driver)"
)

OVERFLOWING = """
const width = document.documentElement.clientWidth;
return [...document.querySelectorAll("body *")].filter(element => !element.closest(".scroll, thead"))
  .filter(element => element.getBoundingClientRect().right > width + 1)
  .map(element => element.tagName + "." + (element.className.baseVal ?? element.className));
"""

CONTRASTS = """
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const luminance = colour => {
  canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(value => value / 255)
    .map(value => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = element => {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (colour !== "rgba(0, 0, 0, 0)") return colour;
  }
  return "white";
};
const worst = {};
for (const element of document.querySelectorAll("body *")) {
  if (![...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())) continue;
  const style = getComputedStyle(element);
  const [one, two] = [element instanceof SVGElement ? style.fill : style.color, ground(element)].map(luminance);
  const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
  if (ratio < 4.5) worst[element.tagName + "." + (element.className.baseVal ?? element.className)] = ratio;
}
return worst;
"""


def of_a_page(message: dict[str, Any]) -> bool:
    """Whether a message of the browser's log tells of a request, other than those of its own start page."""
    started = message["method"] == "Network.requestWillBeSent"
    return started and not message["params"]["documentURL"].startswith("chrome")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run's report, and the comparison of three seeds of it with another method."""
    root = tmp_path_factory.mktemp("report")
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
    return {"report": root / "out" / "report.html", "comparison": root / "comparison.html"}


@pytest.fixture(params=["report", "comparison"])
def report(request: pytest.FixtureRequest, pages: dict[str, Path]) -> Path:
    return pages[request.param]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


def show(browser: Any, report: Path, width: int, scheme: str = "light") -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(report.as_uri())


def test_page_is_silent_and_fetches_only_itself(browser: Any, report: Path) -> None:
    browser.get_log("browser"), browser.get_log("performance")
    show(browser, report, 1280)
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if of_a_page(m)]
    assert {url for url in asked if not url.startswith("data:image/png;base64,")} == {report.as_uri()}


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_page_has_no_horizontal_overflow(browser: Any, report: Path, width: int) -> None:
    show(browser, report, width)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.execute_script(OVERFLOWING) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(browser: Any, report: Path, scheme: str) -> None:
    show(browser, report, 1280, scheme)
    dark = browser.execute_script("return matchMedia('(prefers-color-scheme: dark)').matches")
    assert dark == (scheme == "dark")
    assert browser.execute_script(CONTRASTS) == {}


def test_pictures_are_drawn_and_texts_are_legible(browser: Any, report: Path) -> None:
    show(browser, report, 390)
    assert browser.execute_script(
        "return [...document.images].every(image => image.complete && image.naturalWidth > 0)"
    )
    smallest = browser.execute_script(
        "return Math.min(...[...document.querySelectorAll('svg text')].map(t => t.getBoundingClientRect().height))"
    )
    assert smallest >= 11


def test_page_prints(browser: Any, report: Path) -> None:
    show(browser, report, 1280, "dark")
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    assert len(printed["data"]) > 30_000


def test_page_stands_in_a_sandboxed_frame_with_its_verdict_in_sight(browser: Any, report: Path, tmp_path: Path) -> None:
    """As Kubeflow's viewer shows it: `srcdoc`, no same-origin, 600 pixels high."""
    inside = html.escape(report.read_text(encoding="utf-8"))
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<!doctype html><body style="margin:0"><iframe sandbox="allow-scripts" srcdoc="{inside}" '
        'style="width:100%;height:600px;border:0"></iframe>',
        encoding="utf-8",
    )
    browser.get_log("browser"), browser.get_log("performance")
    show(browser, frame, 1000)
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = {m["params"]["request"]["url"] for m in messages if of_a_page(m)}
    assert {url for url in asked if not url.startswith(("data:image/png;base64,", "about:"))} == {frame.as_uri()}
    browser.switch_to.frame(0)
    try:
        bottom = browser.execute_script("return document.querySelector('.lead').getBoundingClientRect().bottom")
        banner = browser.execute_script("return document.querySelector('.banner').getBoundingClientRect().bottom")
        assert 0 < bottom < banner < 600
        assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    finally:
        browser.switch_to.default_content()
