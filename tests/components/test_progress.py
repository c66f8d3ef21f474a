"""What is printed of long work where no file is named for it."""

import json

from rlvr.progress import VARIABLE, report


def printed(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_notes_and_events_are_printed_however_soon_they_come_after_one_another(monkeypatch, capsys):
    monkeypatch.delenv(VARIABLE, raising=False)
    report("grpo", 0, 100, event="start")
    report("grpo", 1, 100, reward=0.5)  # one of many, and the last line was a moment ago
    report("grpo", 1, 100, note="row 3f9c: the reward gave up")
    report("grpo", 2, 100, note="row 77ab: the reward gave up")
    report("grpo", 100, 100, reward=0.75)
    told = [line.get("event") or line.get("note") or line["step"] for line in printed(capsys)]
    assert told == ["start", "row 3f9c: the reward gave up", "row 77ab: the reward gave up", 100]


def test_a_file_gets_every_line_and_nothing_is_printed(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "progress.jsonl"))
    for step in range(3):
        report("grpo", step, 100, reward=0.5)
    assert printed(capsys) == []
    assert len((tmp_path / "progress.jsonl").read_text().splitlines()) == 3
