"""Several runs on one page: means over seeds, every run's own interval, hostile names, twins."""

import copy
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from report_run import HOSTILE

from rlvr.errors import RlvrError
from rlvr.report.comparison import Run, build, compare


def scored(value: float) -> dict[str, float]:
    return {"score_percent": value, "low": value - 3, "high": value + 3, "unparsed_percent": 0.0}


def numbers(method: str = "r1_v", seed: int = 0, gain: float = 10.0, **more: Any) -> dict[str, Any]:
    benchmark = {
        "name": "counting", "n": 1000, "base": scored(40.0), "tuned": scored(40.0 + gain),
        "difference": {"value": gain, "low": gain - 4, "high": gain + 4},
    }  # fmt: skip
    return {
        "method": method, "title": method.upper(), "profile": "laptop", "seed": seed, "benchmarks": [benchmark],
        "digests": {"base": "ab" * 32, "tuned": f"{seed:02x}" * 32}, "changed_settings": 12, "own_changes": [],
        "own_values": {}, "not_a_reproduction": ["Synthetic rows."], "cost": {"seconds": 61.0, "gpu_hours": 0.0},
        "stages": [{"name": "sft", "kind": "Sft", "steps": 5}, {"name": "grpo", "kind": "Grpo", "steps": 9}],
        **more,
    }  # fmt: skip


def runs(*entries: dict[str, Any]) -> list[Run]:
    return [Run(label=f"run{index}", numbers=entry) for index, entry in enumerate(entries)]


def test_seeds_have_mean_and_standard_deviation_and_each_run_its_interval() -> None:
    told = compare(runs(numbers(seed=2, gain=16.0), numbers(seed=0, gain=10.0), numbers(seed=1, gain=13.0)))
    assert [run["seed"] for run in told["runs"]] == [0, 1, 2]
    assert told["runs"][0]["benchmarks"][0]["difference"] == {"value": 10.0, "low": 6.0, "high": 14.0}
    (group,) = told["repeated"]
    assert group["seeds"] == [0, 1, 2]
    (entry,) = group["benchmarks"]
    assert entry["difference"] == {"mean": 13.0, "sd": 3.0, "low": 10.0, "high": 16.0}
    assert entry["base"]["sd"] == 0.0 and entry["tuned"]["mean"] == 53.0


def test_other_settings_are_no_repetition() -> None:
    changed = numbers(seed=1, own_changes=["stages.grpo.steps"], own_values={"stages.grpo.steps": "50"})
    other = numbers(seed=2, own_changes=["stages.grpo.steps"], own_values={"stages.grpo.steps": "80"})
    assert compare(runs(numbers(), changed, other, numbers("mmr1", seed=3)))["repeated"] == []


def test_benchmarks_with_other_rows_are_not_averaged() -> None:
    fewer = numbers(seed=1)
    fewer["benchmarks"] = [{**fewer["benchmarks"][0], "n": 10}]
    assert compare(runs(numbers(), fewer))["repeated"][0]["benchmarks"] == []


def test_twins_are_refused() -> None:
    with pytest.raises(RlvrError, match="run1 and run0 are the same run: r1_v, profile laptop, seed 0"):
        compare(runs(numbers(), numbers()))


def test_runs_of_an_older_kind_and_of_one_role_can_be_compared(tmp_path: Path) -> None:
    older = {key: value for key, value in numbers().items() if key in ("method", "profile", "seed", "benchmarks")}
    alone = numbers("mmr1", seed=1)
    alone["benchmarks"] = [{**alone["benchmarks"][0], "tuned": None, "difference": None}]
    told = build(runs(older, alone), tmp_path / "page.html")
    assert told["runs"][1]["stages"] is None and told["runs"][1]["title"] == "r1_v"
    assert "not recorded" in (tmp_path / "page.html").read_text()


class Page(HTMLParser):
    """Tags and ids of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_page_says_everything_of_a_run_and_escapes_it(tmp_path: Path) -> None:
    hostile = numbers("mmr1", seed=1, gain=-20.0, title=HOSTILE, own_values={"a.b": HOSTILE})
    entries = runs(numbers(), numbers(seed=1, gain=2.0), hostile)
    build(entries, tmp_path / "a.html")
    build(copy.deepcopy(entries[::-1]), tmp_path / "b.html")
    html = (tmp_path / "a.html").read_text()
    assert html == (tmp_path / "b.html").read_text()
    page = Page()
    page.feed(html)
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "iframe", "object", "form", "base", "img"})
    assert HOSTILE not in html and not set(html) & {"\x07", "\x1b", "\u202e"}
    text = " ".join(re.sub(r"<[^>]*>", " ", html).split())
    for said in (
        "3 runs compared", "in 1 of 3 runs", "None of them is a reproduction", "seeds 0, 1", "sft → grpo",
        "1 min 1 s", "12 settings", "00" * 32, "+10.0", "−20.0",
    ):  # fmt: skip
        assert said in text, said
    drawn = [attributes["aria-label"] for tag, attributes in page.tags if tag == "svg" and "role" in attributes]
    assert len(drawn) == 5  # three runs, one mean, the axis
    assert "R1_V, mean of runs, counting: mean +6.0 points, standard deviation 5.7" in drawn


def test_an_output_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RlvrError, match="cannot be written"):
        build(runs(numbers(), numbers(seed=1)), tmp_path / "file" / "page.html")
