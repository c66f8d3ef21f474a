"""`rlvr score`: real numbers for good files, and a clear word for every line that cannot be scored."""

import io
import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console
from typer.testing import CliRunner

import chat_server
from rlvr.benchmarks import charades_sta, superclevr_200
from rlvr.errors import RlvrError
from rlvr.method import Judge
from rlvr_pipelines import reply_file
from rlvr_pipelines.benchmark_table import find, packaged
from rlvr_pipelines.cli import app
from rlvr_pipelines.score_predictions import print_summary, score_file, summary, write_scores

COUNTING = superclevr_200.BENCHMARK


def line(number, gold=4, said=4, **more):
    text = f"<think>I count.</think> <answer>{said}</answer>"
    return {"row_id": f"r{number}", "gold": gold, "completion": text} | more


def written(folder, *lines, name="replies.jsonl"):
    file = folder / name
    file.write_bytes(b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in lines))
    return file


def test_both_rules_and_the_printed_numbers(tmp_path):
    lines = [line(1), line(2, said=5), {**line(3), "completion": "<answer>4</answer> or <answer> 5 </answer>"}, line(4)]
    scored = score_file(COUNTING, written(tmp_path, *lines))
    found = summary(COUNTING, scored)
    assert (found["n"], found["published"]["score_percent"], found["strict"]["score_percent"]) == (4, 75.0, 50.0)
    assert found["published"]["n"] == 4 and found["published"]["rule"].endswith("exact:superclevr_published")
    assert found["golds_unread"] == {"published": 0, "strict": 0}
    assert {one["verdict"] for one in found["printed"]} == {"not comparable"}
    assert found["printed"][0]["reasons"] == ["4 rows here, 200 there"]
    console = Console(width=120, record=True, file=io.StringIO())
    print_summary(found, console)
    text = console.export_text()
    assert "published    75.00" in text and "4 rows here, 200 there" in text


def test_printed_numbers_are_placed_when_the_rows_are_as_many(tmp_path):
    lines = [line(number, said=4 if number < 96 else 5) for number in range(200)]
    found = summary(COUNTING, score_file(COUNTING, written(tmp_path, *lines)))
    assert [one["verdict"] for one in found["printed"]] == ["consistent", "below"]


def test_the_command_prints_json_and_writes_scores(tmp_path):
    file = written(tmp_path, line(1), b"", line(2, said=5))
    out = tmp_path / "scores.jsonl"
    arguments = ["score", "superclevr_200", "--predictions", str(file), "--json", "--out", str(out)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["published"]["score_percent"] == 50.0 and found["strict"]["n"] == 2
    assert [json.loads(text) for text in out.read_text().splitlines()] == [
        {"row_id": "r1", "sample": 0, "published": 1.0, "strict": 1.0},
        {"row_id": "r2", "sample": 0, "published": 0.0, "strict": 0.0},
    ]
    with pytest.raises(RlvrError, match="cannot be written"):
        write_scores(tmp_path / "nowhere" / "scores.jsonl", score_file(COUNTING, file))
    table = CliRunner().invoke(app, ["score", "superclevr_200", "--predictions", str(file)])
    assert table.exit_code == 0 and "SuperCLEVR-200" in table.stdout


def test_the_gain_over_another_file_is_paired(tmp_path):
    base = written(tmp_path, *[line(n, said=4 if n < 5 else 9) for n in range(20)], name="base.jsonl")
    tuned = written(tmp_path, *[line(n, said=4 if n > 1 else 9) for n in reversed(range(20))], name="tuned.jsonl")
    found = summary(COUNTING, score_file(COUNTING, tuned), score_file(COUNTING, base))
    gain = found["published"]["gain"]
    assert (gain["value"], gain["gained"], gain["lost"]) == (65.0, 15, 2) and gain["low"] > 0
    with pytest.raises(RlvrError, match="1 rows stand in one of the two files only, the first is 'r19'"):
        other = written(tmp_path, *[line(n) for n in range(19)], name="short.jsonl")
        summary(COUNTING, score_file(COUNTING, other), score_file(COUNTING, base))


def test_several_samples_a_row(tmp_path):
    lines = [line(n, said=4 if s == 0 else 5, sample=s) for s in (1, 0) for n in range(6)]
    found = summary(COUNTING, score_file(COUNTING, written(tmp_path, *lines)))
    assert (found["n"], found["samples"], found["published"]["score_percent"]) == (6, 2, 50.0)
    assert found["published"]["pass_at"]["2"]["score_percent"] == 100.0
    with pytest.raises(RlvrError, match="row 'r1' has 1 samples where others have 2"):
        score_file(COUNTING, written(tmp_path, line(0), line(0, sample=1), line(1)))
    with pytest.raises(RlvrError, match="line 3: sample 1 of row 'r0' stands in .* twice"):
        score_file(COUNTING, written(tmp_path, line(0), line(0, sample=1), line(0, sample=1)))


def test_gold_may_be_the_only_column_or_an_object(tmp_path):
    reply = "<answer>1.00 to 3.00</answer>"
    spans = [{"question": "q", "gold": gold, "completion": reply} for gold in ([1, 3], {"span_seconds": [2, 4]})]
    benchmark = replace(charades_sta.BENCHMARK, cluster_by=None)
    _, scores, _ = score_file(benchmark, written(tmp_path, *spans))
    assert [one["published"] for one in scores] == [1.0, pytest.approx(1 / 3)]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "is empty"),
        ([b"", b"  "], "is empty"),
        ([line(1), b'{"row_id": "a"'], "line 2 is not JSON"),
        ([b"[1, 2]"], "line 1 is not a JSON object but list"),
        ([line(1), {"row_id": "a", "gold": 3}], 'line 2 has no text "completion"'),
        ([{"gold": 3, "completion": "x"}], 'line 1 has neither a "row_id" nor a "question"'),
        ([{"row_id": "a", "completion": "x"}], 'line 1 has no "gold"'),
        ([line(1), line(2, gold="some")], "line 2: the published rule .*superclevr_published cannot score it"),
        ([line(1, gold=None)], "line 1: the gold answer 'None' cannot be read"),
        ([line(1, gold=[4])], "line 1: the gold answer .* cannot be read"),
        ([line(1, gold={"solution": 4})], "line 1: .* the line lacks answer"),
        ([line(1), b'{"row_id": "a", "gold": NaN, "completion": "x"}'], "line 2 is not JSON .NaN is no JSON value"),
        ([line(1), b'{"row_id": "a\x00"}'], "line 2 holds NUL bytes"),
        ([line(1), b"\xff\xfe{}"], "line 2 is not JSON"),
        ([b"[" * 100_000], "line 1 is not JSON"),
        ([b'{"row_id": "a", "gold": ' + b"9" * 5000 + b', "completion": "x"}'], "line 1 is not JSON"),
        ([line(1, sample=-1)], 'line 1: "sample" is -1'),
    ],
)
def test_what_cannot_be_scored_is_named(tmp_path, lines, message):
    with pytest.raises(RlvrError, match=message):
        score_file(COUNTING, written(tmp_path, *lines))


def test_a_line_of_a_hundred_megabytes_is_refused_unread(tmp_path):
    file = written(tmp_path, line(1))
    with file.open("ab") as opened:
        opened.truncate(100 * 2**20)  # a sparse file: a line of NUL bytes without an end
    with pytest.raises(RlvrError, match="line 2 is longer than 16 MiB"):
        score_file(COUNTING, file)
    with pytest.raises(RlvrError, match="cannot be read"):
        score_file(COUNTING, tmp_path / "nowhere.jsonl")


def test_predictions_of_a_run_are_read_and_damaged_ones_refused(tmp_path):
    def parquet(**changed):
        table = {
            "row_id": ["a", "b"], "sample": [0, 0], "completion": ["<answer>4</answer>", "none"],
            "gold": ['{"answer": "4"}', '{"answer": "5"}'], "published": [1.0, None], "strict": [1.0, None],
        }  # fmt: skip
        table = {name: values for name, values in (table | changed).items() if values is not None}
        pq.write_table(pa.table(table), tmp_path / "predictions.parquet")
        return tmp_path / "predictions.parquet"

    _, scores, _ = score_file(COUNTING, parquet())
    assert [one["published"] for one in scores] == [1.0, None]
    with pytest.raises(RlvrError, match=r"row 2 \(b\) has published = nan"):
        score_file(COUNTING, parquet(published=[1.0, float("nan")]))
    with pytest.raises(RlvrError, match='row 1 has no "gold"'):
        score_file(COUNTING, parquet(gold=None))
    with pytest.raises(RlvrError, match="lacks the columns completion"):
        score_file(COUNTING, parquet(completion=None))
    (tmp_path / "predictions.parquet").write_bytes(b"no parquet")
    with pytest.raises(RlvrError, match="cannot be read as parquet"):
        score_file(COUNTING, tmp_path / "predictions.parquet")


def test_unknown_benchmarks_are_answered_with_the_nearest(monkeypatch):
    with pytest.raises(RlvrError, match="no benchmark 'superclevr_20'. Did you mean 'superclevr_200'"):
        find("superclevr_20")
    with pytest.raises(RlvrError, match="no method 'r1v'. Did you mean"):
        find("r1v/superclevr_200")
    with pytest.raises(RlvrError, match="no benchmark of r1_v 'nothing'"):
        find("r1_v/nothing")
    assert find("superclevr_200").name == find("r1_v/superclevr_200").name == "superclevr_200"
    assert {"geoqa_test", "charades_sta", "math_verse"} <= packaged().keys()


def test_a_judge_is_recorded_with_its_agreement(tmp_path, monkeypatch):
    def reply(request, number):
        right = "Reference answer:\n4\n" in request["messages"][-1]["content"]
        return chat_server.says(f'Compared.\n{{"correct": {str(right).lower()}}}')

    file = written(tmp_path, line(1, question="How many?"), line(2, gold=3, said=3), line(3, said=9))
    with chat_server.serve(reply) as server:
        monkeypatch.setenv("RLVR_JUDGE_URL", server.url)
        found = summary(COUNTING, score_file(COUNTING, file), judge=Judge(model="a-judge"))["judge"]
    assert found["model"] == "a-judge" and found["answered_by"] == ["served-model-1"] and found["unanswered"] == 0
    assert found["score_percent"] == pytest.approx(200 / 3, abs=1e-3)
    assert found["agreement_percent"] == {
        "published": pytest.approx(100 / 3, abs=1e-3),
        "strict": pytest.approx(100 / 3, abs=1e-3),
    }
    assert "I count" not in json.dumps(server.requests) and len(found["instruction_digest"]) == 64


def test_reading_is_bounded_by_the_line(tmp_path, monkeypatch):
    monkeypatch.setattr(reply_file, "LONGEST_LINE", 100)
    with pytest.raises(RlvrError, match="line 1 is longer"):
        score_file(COUNTING, written(tmp_path, {**line(1), "completion": "x" * 200}))
