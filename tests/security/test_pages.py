"""No page is moved by what it shows: attacks in free texts leave tags, attributes and addresses as they are."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hostile_text import HTML, MARKDOWN, TERMINAL
from page_browser import addresses_asked, browser, show  # noqa: F401
from poisoned_pages import audit, report, several_runs, verification

from rlvr.lineage.keys import make_key, read_signer, trusted

ALL = " ".join((*HTML, *MARKDOWN, *TERMINAL)).replace("\ud800", "")
"""Every attack at once; lone surrogates stand in no parquet file."""

PAGES = ("report", "comparison", "verification", "audit")


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """A key that the auditor trusts, for the whole file."""
    folder = tmp_path_factory.mktemp("keys")
    make_key(folder / "machine.pem")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RLVR_SIGNING_KEY", str(folder / "machine.pem"))
        patch.setenv("RLVR_TRUSTED_KEYS", str(folder))
        yield
        read_signer.cache_clear()


def written(root: Path, attack: str) -> dict[str, Path]:
    """Every page and text, by name."""
    html, card, summary = report(root / "report", attack)
    return {
        "report": html,
        "card": card,
        "summary": summary,
        "comparison": several_runs(root / "comparison", attack),
        "verification": verification(_made(root / "verification"), attack),
        "audit": audit(_made(root / "audit"), attack, trusted()),
    }


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def clean(signed, tmp_path_factory):
    return written(tmp_path_factory.mktemp("clean"), "")


@pytest.fixture(scope="module")
def attacked(signed, tmp_path_factory):
    return written(tmp_path_factory.mktemp("attacked"), ALL)


class Structure(HTMLParser):
    """Tags with the names of their attributes, and every address and style in them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[tuple[str, tuple[str, ...]]] = set()
        self.addresses: set[str] = set()
        self.others: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add((tag, tuple(sorted(name for name, _ in attributes))))
        for name, value in attributes:
            if name in ("href", "src", "srcset", "action", "data", "poster", "xlink:href", "content", "style"):
                self.addresses.add(re.sub(r"^data:image/png;base64,[A-Za-z0-9+/=]+$", "a picture", value or ""))

    def handle_comment(self, data):
        self.others.append(data)

    def handle_decl(self, decl):
        self.others.append(decl)

    def unknown_decl(self, data):
        self.others.append(data)

    def handle_pi(self, data):
        self.others.append(data)


def structure(path: Path) -> Structure:
    return Structure(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", PAGES)
def test_attacks_change_no_tag_attribute_or_address(name, clean, attacked):
    before, after = structure(clean[name]), structure(attacked[name])
    assert after.tags - before.tags <= {("wbr", ())}
    shapes = {re.sub(r"[-0-9.]+", "0", address) for address in before.addresses}  # widths of drawings differ
    assert {re.sub(r"[-0-9.]+", "0", address) for address in after.addresses} <= shapes
    assert after.others == before.others == ["doctype html"]


@pytest.mark.parametrize("name", PAGES)
def test_the_attacks_are_really_shown(name, attacked):
    text = attacked[name].read_text(encoding="utf-8")
    assert "&lt;script&gt;window.ran = 1&lt;/script&gt;" in text and "{{ 7*7 }}" in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)
    assert "<script" not in text.lower()


@pytest.mark.parametrize("name", PAGES)
def test_every_page_forbids_scripts_and_addresses(name, clean):
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\'' in clean[name].read_text()


@pytest.mark.parametrize("name", ["card", "summary"])
def test_markdown_holds_no_foreign_markup(name, clean, attacked):
    """As CommonMark has it: what a backslash stands before is text."""
    before, after = (
        re.sub(r"\\[\\`*_{}\[\]<>|#!~&]", "", path.read_text(encoding="utf-8"))
        for path in (clean[name], attacked[name])
    )
    body = after.split("\n---\n", 1)[-1]
    assert "](javascript" not in body and "![x" not in body and "<script" not in body and "<https" not in body
    headings = [line for line in before.splitlines() if line.startswith("#")]
    assert len([line for line in after.splitlines() if line.startswith("#")]) == len(headings)
    assert after.count("\n---\n") == before.count("\n---\n")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", after)


def test_the_cards_front_matter_is_data(attacked):
    import yaml

    _, front, _ = attacked["card"].read_text(encoding="utf-8").split("---\n", 2)
    data = yaml.safe_load(front)
    assert data["license"] == "other" and set(data) <= {
        "library_name", "license", "license_name", "pipeline_tag", "tags", "model-index", "base_model", "datasets",
    }  # fmt: skip


@pytest.mark.skipif(not (shutil.which("chromium") and shutil.which("chromedriver")), reason="no chromium here")
@pytest.mark.parametrize("name", PAGES)
def test_nothing_runs_and_nothing_is_fetched_in_a_browser(name, attacked, browser: Any):  # noqa: F811
    browser.get_log("browser"), browser.get_log("performance")
    show(browser, attacked[name], 1280)
    assert browser.execute_script("return window.ran === undefined && document.scripts.length === 0")
    assert browser.execute_script("return document.querySelectorAll('iframe, object, embed, base, form').length") == 0
    assert browser.get_log("browser") == []
    assert addresses_asked(browser) == {attacked[name].as_uri()}
