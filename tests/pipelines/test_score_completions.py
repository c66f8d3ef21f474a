"""`rlvr reward`: completions in a file scored component by component, and what it says of lines it cannot score."""

import io
import json

import pytest
from rich.console import Console

from rlvr.canonical import plain
from rlvr.data.ingest import ingest
from rlvr.data.rows import read
from rlvr.errors import RlvrError
from rlvr.overrides import apply
from rlvr_pipelines.methods import METHODS, method
from rlvr_pipelines.score_completions import print_scores, score_file, split

RIGHT = {"completion": "<think> 1 2 3 </think> <answer> 3 </answer>", "solution": "<answer> 3 </answer>"}
BARE = {"completion": "<answer> 3 </answer>", "solution": "<answer> 3 </answer>"}


def written(folder, *lines):
    file = folder / "completions.jsonl"
    file.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return file


def test_every_component_and_the_sum(tmp_path):
    right, bare = score_file(METHODS["r1_v"], "", written(tmp_path, RIGHT, "", BARE))
    assert right.rewards == {"math_accuracy.accuracy": 1.0, "think_format.fullmatch": 1.0} and right.reward == 2.0
    assert (bare.line, bare.rewards["think_format.fullmatch"], bare.reward) == (3, 0.0, 1.0)
    console = Console(width=100, record=True, file=io.StringIO())
    print_scores(METHODS["r1_v"], [right, bare], console)
    text = console.export_text()
    assert "mean" in text and "1.5" in text and "<answer> 3 </answer>" in text


def test_rows_of_a_data_set_give_the_columns(tmp_path):
    chosen = apply(METHODS["r1_vlm"], {"tasks.*.source.location": "synthetic", "tasks.*.source.limit": 4})
    task = chosen.tasks[0]
    ingest(sources=[{"task": task.name, "source": plain(task.source)}], seed=0, out=tmp_path / "rows")
    rows = read(tmp_path / "rows")
    lines = [{"row_id": row["row_id"], "completion": f"</think>\n<answer>{row['answer']}</answer>"} for row in rows]
    scored = score_file(METHODS["r1_vlm"], "", written(tmp_path, *lines), tmp_path / "rows")
    assert [one.reward for one in scored] == [2.0] * 4  # the prompt's prefill stands in front, as in training
    with pytest.raises(RlvrError, match="row_id 'x' is not among the rows"):
        score_file(METHODS["r1_vlm"], "", written(tmp_path, {"row_id": "x", "completion": ""}), tmp_path / "rows")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"completion": "3"}, 'line 1: reward math_accuracy.accuracy reads the column "solution"'),
        ("{", "line 1 is not JSON"),
        ({"text": "3"}, 'not an object with a text "completion"'),
        ("", "holds no completions"),
    ],
)
def test_lines_that_cannot_be_scored(line, message, tmp_path):
    with pytest.raises(RlvrError, match=message):
        score_file(METHODS["r1_v"], "", written(tmp_path, line))


def test_names_of_methods_variants_and_tasks():
    assert split("r1_v", METHODS, method) == (METHODS["r1_v"], "")
    assert split("r1_v/counting", METHODS, method) == (METHODS["r1_v"], "counting")
    with pytest.raises(RlvrError, match="its tasks are counting"):
        split("r1_v/count", METHODS, method)
    with pytest.raises(RlvrError, match="Did you mean 'r1_v"):
        split("r1v", METHODS, method)
