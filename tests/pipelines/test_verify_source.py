"""`rlvr verify` on made and own rows: what is printed, what is written, and the exit code."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer, models
from typer.testing import CliRunner

from rlvr.datasets import clevr_cogent_a
from rlvr.errors import RlvrError
from rlvr_pipelines.cli import app
from rlvr_pipelines.methods import METHODS
from rlvr_pipelines.sources import find_source, sources, table_of_sources
from rlvr_pipelines.verify_source import verify_source

FILES = ("facts.parquet", "quarantine.parquet", "verdict.json", "verification.html")


def counting(folder: Path, *changes: dict[str, str]) -> Path:
    """Rows of R1-V's counting set in a folder, then such rows with changes."""
    folder.mkdir()
    lines = []
    for number, raw in enumerate(clevr_cogent_a.synthetic(8 + len(changes), 0)):
        (folder / f"{number}.png").write_bytes(raw["image"])
        changed = changes[number - 8] if number >= 8 else {}
        lines.append(json.dumps({**raw, "image": f"{number}.png", **changed}))
    (folder / "rows.jsonl").write_text("\n".join(lines))
    return folder


def invoke(*arguments: object):
    return CliRunner().invoke(app, ["verify", *map(str, arguments)], env={"COLUMNS": "120"})


@pytest.fixture
def own(monkeypatch):
    """Files of one's own are JSON lines, where the published ones are parquet."""
    monkeypatch.setattr("rlvr_pipelines.verify_source._placed", placed_as_lines)


def placed_as_lines(source, location, limit):
    return replace(source, location=location, limit=limit, files="*.jsonl")


def test_a_good_source_passes(own, tmp_path):
    folder = counting(tmp_path / "raw")
    tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))  # of which every text is one token
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    given = ("--out", tmp_path / "out", "--tokenizer", tmp_path / "tokenizer.json")
    result = invoke("clevr_cogent_a", "--folder", folder, *given)
    assert result.exit_code == 0, result.output
    facts = pq.read_table(tmp_path / "out" / "facts.parquet", columns=["prompt_tokens", "picture_tokens"]).to_pylist()
    assert all(fact["prompt_tokens"] == fact["picture_tokens"] + 1 for fact in facts)
    assert "The data passed: 8 rows came in, 0 would be quarantined." in result.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_file()) == list(FILES)


def test_a_critical_failure_is_named_and_the_exit_code_is_1(own, tmp_path):
    folder = counting(tmp_path / "raw", {"problem": "<image>How many?"}, {"solution": "<answer> 3 </answer>"})
    (folder / "9.png").write_bytes((folder / "9.png").read_bytes()[:-90])
    out = tmp_path / "out"
    result = invoke("clevr_cogent_a_train", "--folder", folder, "--out", out)
    assert result.exit_code == 1
    verdict = json.loads((out / "verdict.json").read_text())
    failed = {check["name"]: check["row_ids"] for check in verdict["checks"] if check["severity"] == "critical"}
    ids = pq.read_table(out / "facts.parquet")["row_id"].to_pylist()
    assert (failed["no_placeholder"], failed["decodable"]) == ([ids[8]], [ids[9]])
    for part in ("no_placeholder", "decodable", "critical", ids[8], "The data did not pass", "2 would be quarantined"):
        assert part in result.output
    assert pq.read_table(out / "quarantine.parquet")["reasons"].to_pylist() == [["no_placeholder"], ["decodable"]]
    assert "decodes in full" in (out / "verification.html").read_text()

    allowed = invoke("clevr_cogent_a_train", "--folder", folder, "--out", out, "--allow", "0.2", "--json")
    assert allowed.exit_code == 0
    assert json.loads(allowed.stdout)["passed"] is True


def test_rows_of_a_benchmark_are_found(own, tmp_path):
    folder = counting(tmp_path / "raw")
    out = tmp_path / "out"
    result = invoke("clevr_cogent_a", "--folder", folder, "--out", out, "--against", f"clevr_cogent_a={folder}")
    assert result.exit_code == 1
    assert "in_benchmark" in result.output
    assert "Against counting: 8 rows are in it" in result.output


def test_an_own_suite(own, tmp_path):
    suite = tmp_path / "own.toml"
    suite.write_text('[[rows]]\nname = "min_side"\narguments = { min_value = 5000 }\n')
    folder = counting(tmp_path / "raw")
    verdict = verify_source("clevr_cogent_a", out=tmp_path / "out", location=str(folder), suite=suite)
    assert not verdict["passed"]
    assert "min_side fails for 8" in verdict["problem"]


def test_what_fails_before_there_is_a_verdict_is_an_error(own, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "verdict.json").write_text("{}")  # of an earlier verification
    with pytest.raises(RlvrError, match="there is no folder"):
        verify_source("clevr_cogent_a", out=tmp_path / "out", location=str(tmp_path / "none"))


def test_every_source_has_a_name_and_a_task():
    names = {task.source.name for method in METHODS.values() for task in method.tasks}
    names |= {benchmark.source.name for method in METHODS.values() for benchmark in method.benchmarks}
    assert set(sources()) == names
    assert all(one.task.rewards and one.task.source.name == name for name, one in sources().items())
    assert find_source("clevr_cogent_a").task == METHODS["r1_v"].tasks[0]
    assert find_source("k12").part == "test"
    with pytest.raises(RlvrError, match=r"no source 'clevr_cogent'.*Did you mean 'clevr_cogent_"):
        find_source("clevr_cogent")
    assert table_of_sources().row_count == len(names)
