"""The table at the end of a run, where there is no terminal."""

import io
import json

from rlvr_pipelines.summary import print_numbers, print_summary
from rlvr_pipelines.terminal import Console

SCORE = {"score_percent": 43.5, "low": 40.5, "high": 46.6}
NUMBERS = {
    "benchmarks": [
        {
            "name": "a_benchmark_with_a_rather_long_name",
            "n": 1000,
            "base": SCORE,
            "tuned": SCORE,
            "difference": {"value": 14.7, "low": 12.0, "high": 17.5},
        }
    ]
}


def test_in_a_file_names_and_numbers_are_whole_on_one_line(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    output = io.StringIO()
    print_numbers(NUMBERS, Console(file=output))
    (line,) = [line for line in output.getvalue().splitlines() if "1000" in line]
    assert line.split()[0] == "a_benchmark_with_a_rather_long_name" and line.rstrip().endswith("[+12.0, +17.5]")


def test_who_asks_for_a_width_gets_it(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    output = io.StringIO()
    print_numbers(NUMBERS, Console(file=output))
    assert max(map(len, output.getvalue().splitlines())) <= 60


def test_the_report_s_path_is_never_broken(tmp_path):
    folder = tmp_path / ("a folder with a long name " * 6)
    folder.mkdir()
    (folder / "metrics.json").write_text(json.dumps(NUMBERS))
    output = io.StringIO()
    print_summary(folder, Console(file=output))
    assert output.getvalue().splitlines()[-1] == f"Report: {folder / 'report.html'}"
