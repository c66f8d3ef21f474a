"""The model card is read back offline by the Hub's own library and says what the report says; so does the summary."""

from pathlib import Path
from typing import Any

import pytest
from report_run import make_run

from rlvr.report import text
from rlvr.report.page import build


@pytest.fixture(scope="module")
def stood_in(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    root = tmp_path_factory.mktemp("tiny")
    return build(**make_run(root / "run"), out=root / "out"), root / "out"


def load(folder: Path) -> Any:
    from huggingface_hub import ModelCard

    return ModelCard.load(folder / "README.md")


def test_model_index_holds_every_benchmark_with_n_and_interval(stood_in: tuple[dict[str, Any], Path]) -> None:
    numbers, out = stood_in
    results = load(out).data.eval_results
    assert len(results) == 2 * len(numbers["benchmarks"])
    for entry in numbers["benchmarks"]:
        found = {one.metric_name: one for one in results if one.dataset_type == entry["name"]}
        for rule, measured in (("published", entry), ("strict", entry["strict"])):
            result = found[f"score in per cent, {rule} rule"]
            assert result.metric_value == measured["tuned"]["score_percent"]
            assert result.metric_args == {
                "n": entry["n"],
                "low_95": measured["tuned"]["low"],
                "high_95": measured["tuned"]["high"],
            }
            assert "(synthetic stand-in rows)" in result.dataset_name


def test_a_stand_in_says_so_and_names_no_base_model(stood_in: tuple[dict[str, Any], Path]) -> None:
    card = load(stood_in[1])
    assert card.data.base_model is None and card.data.datasets is None
    assert "not-a-reproduction" in card.data.tags and card.data.license == "other"
    for said in (
        "**Not a reproduction.**",
        "not comparable",
        "c4" * 32,
        "CC BY 4.0",
        "5 settings differ",
        "audit verify",
        "rlvr report",
    ):
        assert said in card.text, said


def test_the_card_lists_what_the_model_was_made_from_each_once(stood_in: tuple[dict[str, Any], Path]) -> None:
    lineage = load(stood_in[1]).text.partition("## Lineage")[2].partition("## Deviations")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lineage.splitlines() if line.startswith("|")]
    assert [row[1] for row in rows[2:]] == [f"`{digest * 8}`" for digest in ("aa", "c4", "ee")]
    assert rows[3][0] == "train (grpo)"


def test_a_real_set_up_names_base_model_data_and_licence(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", location="hub", backbone="hub")
    run["method"]["tasks"][0]["source"]["hub_id"] = "org/data"
    build(**{**run, "profile": "cluster", "changes": [], "own": []}, out=tmp_path / "out")
    card = load(tmp_path / "out")
    assert card.data.base_model == "Qwen/Qwen2-VL-2B-Instruct" and card.data.datasets == ["org/data"]
    assert card.data.license == "apache-2.0" and "not-a-reproduction" not in card.data.tags
    assert "Not a reproduction" not in card.text and "rlvr run r1_v --profile cluster --seed 0" in card.text


def test_foreign_text_is_no_markup(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", n=20)
    run["method"]["title"] = "A | <b>bold</b>\n\n# heading `code` \x1b[31m"
    build(**run, out=tmp_path / "out")
    for name in ("README.md", "summary.md"):
        written = (tmp_path / "out" / name).read_text()
        assert "<b>" not in written.replace(r"\<b\>", "") and "\n# heading" not in written and "\x1b" not in written
    assert text.plain_markdown("a|b\n# c") == r"a\|b \# c"


def test_summary_is_a_short_table(stood_in: tuple[dict[str, Any], Path]) -> None:
    numbers, out = stood_in
    written = (out / "summary.md").read_text()
    assert written.startswith("## R1-V: a gain is shown\n") and "**Not a reproduction.**" in written
    rows = [line for line in written.splitlines() if line.startswith("| ")]
    assert len(rows) == 1 + len(numbers["benchmarks"]) and "SuperCLEVR-200" in rows[1]
    assert len(written) < 2_000
