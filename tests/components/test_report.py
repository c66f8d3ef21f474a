"""The report: its numbers, its page, its manners towards missing and hostile input."""

import base64
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from report_run import HOSTILE, make_run, picture, write_evaluation

from rlvr.errors import RlvrError
from rlvr.report import curves, headline, svg, text
from rlvr.report.gallery import thumbnail
from rlvr.report.metrics import verdict_word
from rlvr.report.page import build
from rlvr.report.published import compare
from rlvr.scoring import intervals


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return make_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def built(run: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str, Path]:
    out = tmp_path_factory.mktemp("out")
    numbers = build(**run, out=out)
    return numbers, (out / "report.html").read_text(encoding="utf-8"), out


class Page(HTMLParser):
    """Tags, attributes and nesting of a page."""

    VOID = {"meta", "img", "wbr", "br"}

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"


def parse(html: str) -> Page:
    page = Page()
    page.feed(html)
    assert page.open == []
    return page


def small_run(root: Path, run: dict[str, Any], predictions: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """The run with only the primary benchmark, answered as given for each role."""
    folders = [
        write_evaluation(
            root / role, {"benchmark": "superclevr_200", "role": role, "model_digest": role, "location": "hub"}, rows
        )
        for role, rows in predictions.items()
    ]
    return {**run, "evaluations": folders}


def answered(scores: list[float | None], start: int = 0) -> list[dict[str, Any]]:
    return [
        {"row_id": f"row{start + i}", "completion": "x", "tokens": 1, "truncated": False, "published": s, "strict": s}
        for i, s in enumerate(scores)
    ]


def test_metrics_hold_the_agreed_keys(built: tuple[dict[str, Any], str, Path]) -> None:
    numbers, _, out = built
    assert json.loads((out / "metrics.json").read_text()) == numbers
    assert {"method", "profile", "seed", "benchmarks"} <= set(numbers)
    assert (numbers["method"], numbers["profile"], numbers["seed"]) == ("r1_v", "laptop", 0)
    assert [entry["name"] for entry in numbers["benchmarks"]] == ["superclevr_200", "geoqa_test", "grounding"]
    for entry in numbers["benchmarks"]:
        for role in ("base", "tuned"):
            assert {"score_percent", "low", "high", "unparsed_percent"} <= set(entry[role])
            assert entry[role]["low"] < entry[role]["score_percent"] < entry[role]["high"]
        assert set(entry["difference"]) == {"value", "low", "high"}


def test_numbers_follow_from_the_predictions(tmp_path: Path, run: dict[str, Any]) -> None:
    base: list[float | None] = [1.0, 0.0, None, 0.0, 1.0, None, 0.0, 0.0, 1.0, 0.0]
    tuned: list[float | None] = [1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, None]
    shuffled = answered(tuned)[::-1]
    numbers = build(**small_run(tmp_path, run, {"base": answered(base), "tuned": shuffled}), out=tmp_path / "out")
    (entry,) = numbers["benchmarks"]
    assert entry["n"] == 10
    assert (entry["base"]["score_percent"], entry["tuned"]["score_percent"]) == (30.0, 60.0)
    assert (entry["base"]["unparsed_percent"], entry["tuned"]["unparsed_percent"]) == (20.0, 10.0)
    assert (entry["gained"], entry["lost"]) == (4, 1)
    low, high = intervals.tango(4, 1, 10)
    assert entry["difference"] == {"value": 30.0, "low": round(100 * low, 4), "high": round(100 * high, 4)}
    assert entry["strict"]["difference"] == entry["difference"]


def test_equal_inputs_give_equal_bytes(
    built: tuple[dict[str, Any], str, Path], run: dict[str, Any], tmp_path: Path
) -> None:
    build(**{**run, "evaluations": run["evaluations"][::-1]}, out=tmp_path)
    for name in ("report.html", "metrics.json", "summary.md", "README.md"):
        assert (tmp_path / name).read_bytes() == (built[2] / name).read_bytes()


def test_page_is_whole_and_fetches_nothing(built: tuple[dict[str, Any], str, Path]) -> None:
    page = parse(built[1])
    names = {tag for tag, _ in page.tags}
    assert names.isdisjoint({"script", "link", "iframe", "object", "embed", "base", "form", "foreignobject"})
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes), attributes
        if tag == "a":
            assert (attributes["href"] or "").startswith("#")
        if tag == "img":
            assert (attributes["src"] or "").startswith("data:image/png;base64,") and attributes["alt"]
        assert "xlink:href" not in attributes and (tag in ("a", "img") or "src" not in attributes)
    assert "url(" not in built[1] and "@import" not in built[1]


def test_page_is_accessible(built: tuple[dict[str, Any], str, Path]) -> None:
    page = parse(built[1])
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert [tag for tag, _ in page.tags if tag == "h1"] == ["h1"]
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    for tag, attributes in page.tags:
        if tag == "svg":
            assert attributes.get("aria-hidden") or (attributes.get("role") == "img" and attributes["aria-label"])
        if tag == "th":
            assert attributes["scope"] in ("col", "row", "rowgroup")
        if tag == "section":
            assert attributes["aria-labelledby"] in ids
        if tag == "a":
            assert (attributes["href"] or "").removeprefix("#") in ids
    count = [tag for tag, _ in page.tags].count
    assert count("table") == count("caption")
    assert count("figure") == count("figcaption")


def test_hostile_text_is_escaped_and_cleaned(built: tuple[dict[str, Any], str, Path]) -> None:
    assert HOSTILE not in built[1]
    assert "&lt;script&gt;" in built[1]
    assert not set(built[1]) & {"\x07", "\x1b", "\u202e"}


def test_hostile_names_stay_text_in_drawings(run: dict[str, Any], tmp_path: Path) -> None:
    stage = tmp_path / "training" / "grpo"
    stage.mkdir(parents=True)
    (stage / "stage.json").write_text('{"name": "grpo", "kind": "Grpo"}')
    (stage / "metrics.jsonl").write_text('{"step": 1, "rewards": {"<script>\\"x": 1.0}}\n')
    build(**{**run, "training": tmp_path / "training"}, out=tmp_path)
    page = parse((tmp_path / "report.html").read_text())
    assert "script" not in {tag for tag, _ in page.tags}


def test_page_says_what_was_run(built: tuple[dict[str, Any], str, Path]) -> None:
    html = built[1]
    for said in (
        "A gain is shown",
        "Not a reproduction",
        "A tiny model built offline",
        "Synthetic rows",
        "no gain shown",
        "not comparable",
        "digits.correctness",
        "KL to the reference",
        "stages.<wbr>grpo.<wbr>group_<wbr>size",
        "The paper gives no seed",
        "CC BY 4.0",
        "Rows are not repeated",
        "1 h 23 min",
        "3.0 GiB",
        "first third: 160 groups",
        "c4" * 32,
    ):
        assert said in html, said


def test_gallery_shows_the_first_rows_by_id_and_then_regressions(
    built: tuple[dict[str, Any], str, Path], run: dict[str, Any]
) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(run["evaluations"][0] / "predictions.parquet")
    first = sorted(table["row_id"].to_pylist())[:8]
    shown = re.findall(r"<article.*?</article>", built[1], flags=re.DOTALL)
    assert len(shown) == 16
    for row_id, card in zip(first, shown, strict=False):
        assert row_id in card and card.count("<img") == 1
    for card in shown[8:12]:
        assert re.search(r"base .*?right", card) and re.search(r"tuned .*?(wrong|no answer read)", card)


def test_one_role_alone_gives_scores_without_a_comparison(run: dict[str, Any], tmp_path: Path) -> None:
    numbers = build(**{**run, "evaluations": run["evaluations"][:1]}, out=tmp_path)
    (entry,) = numbers["benchmarks"]
    assert entry["tuned"] is None and entry["difference"] is None and entry["base"]
    html = (tmp_path / "report.html").read_text()
    parse(html)
    assert "Only the base model was evaluated" in html and "no tuned model was evaluated" in html


def test_without_training_the_page_says_so(run: dict[str, Any], tmp_path: Path) -> None:
    build(**{**run, "training": None, "changes": [], "own": []}, out=tmp_path)
    html = (tmp_path / "report.html").read_text()
    parse(html)
    for said in ("No training stage left records", "No rollouts were stored", "every setting is the method"):
        assert said in html


def test_real_set_up_has_no_banner_and_compares(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", location="hub", backbone="hub")
    numbers = build(**{**run, "profile": "node", "changes": [], "own": []}, out=tmp_path / "out")
    html = (tmp_path / "out" / "report.html").read_text()
    assert "Not a reproduction" not in html
    verdicts = [number["verdict"] for number in numbers["benchmarks"][0]["published"]]
    assert verdicts == ["below", "below", "not comparable"]
    assert numbers["benchmarks"][0]["published"][2]["reasons"] == ["no sft model was evaluated"]
    assert html.count('data-label="SFT, as published"') == 6 and "<b>42.50</b>" in html
    assert "its figures are the publication" in html
    reasons = numbers["benchmarks"][1]["published"][0]["reasons"]
    assert reasons == ["another model: this run used Qwen/Qwen2-VL-2B-Instruct", "120 rows here, 754 there"]


@pytest.mark.parametrize(
    ("low", "high", "judged", "expected"),
    [
        (40, 45, False, "below"),
        (40, 50, False, "consistent"),
        (49, 60, False, "above"),
        (40, 50, True, "not comparable"),
    ],
)
def test_published_number_is_placed(low: float, high: float, judged: bool, expected: str) -> None:
    published = {"model": "A-2B", "role": "base", "score_percent": 48.0, "rows": 200, "source": "s", "judged": judged}
    method = {"backbone": {"hub_id": "org/A-2B-Instruct", "location": "hub"}}
    benchmark = {"published": [published], "source": {"location": "hub"}}
    entry = {"n": 200, "base": {"low": low, "high": high}}
    roles: Any = {"base": type("Evaluation", (), {"location": "hub"})()}
    (placed,) = compare(benchmark, entry, roles, method, [{"field": "stages.grpo.steps"}])
    assert placed["verdict"] == expected and placed["low"] == pytest.approx(41.18, abs=0.01)


def test_verdict_words() -> None:
    assert verdict_word({"value": 3, "low": 0.1, "high": 6}) == "gain shown"
    assert verdict_word({"value": 3, "low": 0.0, "high": 6}) == "no gain shown"
    assert verdict_word({"value": -3, "low": -6, "high": -0.1}) == "loss shown"
    assert verdict_word(None) == "nothing compared"


def test_no_gain_names_what_the_rows_could_show() -> None:
    score = {"score_percent": 50.0}
    entry = {"n": 200, "base": score, "tuned": score, "difference": {"value": 0.0, "low": -1, "high": 1}}
    said = headline.headline("GeoQA", {**entry, "detectable_points": 9.9})
    assert said["title"] == "No gain is shown" and "9.9 points" in said["sentence"]


def broken(run: dict[str, Any], root: Path, case: str) -> dict[str, Any]:
    about = {"benchmark": "superclevr_200", "role": "tuned", "model_digest": "d"}
    base = run["evaluations"][0]
    if case == "nothing evaluated":
        return {**run, "evaluations": []}
    if case == "twice":
        return {**run, "evaluations": [base, base]}
    if case == "empty":
        return {**run, "evaluations": [write_evaluation(root / "e", about, [])]}
    if case == "miscounted":
        return {**run, "evaluations": [write_evaluation(root / "e", {**about, "rows": 3}, answered([1.0]))]}
    if case == "other rows":
        return small_run(root, run, {"base": answered([1.0, 0.0]), "tuned": answered([1.0, 0.0], start=1)})
    if case == "out of range":
        return {**run, "evaluations": [write_evaluation(root / "e", about, answered([1.5]))]}
    if case == "role":
        return {**run, "evaluations": [write_evaluation(root / "e", {**about, "role": "sft"}, answered([1.0]))]}
    if case == "unknown benchmark":
        return {**run, "evaluations": [write_evaluation(root / "e", {**about, "benchmark": "x"}, answered([1.0]))]}
    if case == "two models":
        other = {**about, "benchmark": "geoqa_test", "model_digest": "e"}
        both = (write_evaluation(root / str(i), a, answered([1.0])) for i, a in enumerate((about, other)))
        return {**run, "evaluations": list(both)}
    if case == "no verdict":
        return {**run, "verdict": root}
    if case == "no tests":
        return {**run, "tests": root}
    (root / "grpo").mkdir()
    (root / "grpo" / "stage.json").write_text('{"name": "grpo", "kind": "Grpo"}')
    (root / "grpo" / "metrics.jsonl").write_text('{"step": 1}\n{"step": 2, "rew')
    return {**run, "training": root}


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("nothing evaluated", "no evaluation"),
        ("twice", "already given"),
        ("empty", "holds 0 predictions"),
        ("miscounted", "announces 3"),
        ("other rows", "answered different rows"),
        ("out of range", "row row0 has published = 1.5"),
        ("role", "role is 'sft'"),
        ("unknown benchmark", "no benchmark 'x'"),
        ("two models", "the tuned model is e, elsewhere d"),
        ("no verdict", "verdict.json, which is not there"),
        ("no tests", "holds no rows.parquet"),
        ("torn log", "metrics.jsonl, line 2"),
    ],
)
def test_broken_inputs_are_named(run: dict[str, Any], tmp_path: Path, case: str, said: str) -> None:
    with pytest.raises(RlvrError, match=re.escape(said)):
        build(**broken(run, tmp_path, case), out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_thumbnails_are_small_pngs_and_bad_pictures_are_told() -> None:
    made = thumbnail(picture(np.random.default_rng(0), 5, side=600))
    assert made is not None
    shown = Image.open(io.BytesIO(base64.b64decode(made["address"].split(",")[1])))
    assert shown.format == "PNG" and max(shown.size) == 160 and shown.size == (made["width"], made["height"])
    assert thumbnail(b"no picture") is None


def test_curves_leave_out_what_is_not_a_number_and_survive_one_step() -> None:
    steps = [{"step": 1, "kl": float("nan"), "reward": 1.0}, {"step": 2, "kl": None}, {"step": 3, "loss": "x"}]
    assert [panel["title"] for panel in curves.panels(steps)] == ["Reward, all components"]
    assert curves.panels([]) == []


def test_long_runs_are_drawn_with_few_points() -> None:
    (panel,) = curves.panels([{"step": step, "kl": step % 7 / 10} for step in range(20_000)])
    assert len(panel["svg"]) < 20_000


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, [0, 0.5, 1]), (0, 120, [0, 50, 100, 150]), (3, 3, [2.6, 2.8, 3, 3.2, 3.4]), (0, 1e-6, [0, 5e-7, 1e-6])],
)
def test_ticks_are_round_and_cover(low: float, high: float, expected: list[float]) -> None:
    assert svg.ticks(low, high) == pytest.approx(expected)


def test_numbers_are_written_for_people() -> None:
    assert text.signed(-3.14159) == "−3.1" and text.signed(-0.01) == "0.0" and text.signed(2.0) == "+2.0"
    assert text.duration(5012.4) == "1 h 23 min" and text.duration(61) == "1 min 1 s" and text.duration(None) == "–"
    assert text.memory(3_212_000_000) == "3.0 GiB" and text.count(1234567) == "1,234,567"
    assert text.compact(1e-6) == "1e−6" and text.compact(0.0755) == "0.0755" and text.compact(12_000) == "12k"
    assert text.setting(1e-6) == "1e−6" and text.setting(None) == "none" and text.setting([1, 2.5]) == "1, 2.5"
    clipped = text.clip("a" * 500 + "b" * 900)
    assert clipped.startswith("a" * 300) and clipped.endswith("b" * 300) and "800 characters" in clipped
