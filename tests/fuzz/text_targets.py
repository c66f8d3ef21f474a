"""Readers of text that strangers write: each takes any text whatever and either reads it or says what is wrong."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rlvr import answers, boxed, detections, thinking
from rlvr.data import json_rows, question_text
from rlvr.errors import RlvrError
from rlvr.lineage.artifact_name import artifact
from rlvr.lineage.envelope import opened
from rlvr.lineage.policy import read_policy
from rlvr.overrides import parse as parse_setting
from rlvr.printable import printable
from rlvr.progress import progress_line
from rlvr.rewards import cot_judge
from rlvr.rewards.layout import grades
from rlvr.store.keys import checked_key, checked_path
from rlvr.store.tree import parse as parse_manifest
from rlvr_pipelines.profiles import profile
from rlvr_pipelines.schedules import cron
from rlvr_pipelines.schedules.schedule_file import read_file

Target = Callable[[str], Any]
NO_STORE: Any = SimpleNamespace(keys=lambda prefix: [f"{prefix}{'ab' * 32}.json"], url="file:///nowhere")
NO_GRAPH: Any = SimpleNamespace(makers={})


def _file(name: str, text: str, read: Callable[[Path], Any]) -> Any:
    """What `read` makes of a file with that text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        return read(path)


def _rows(name: str, text: str, read: Callable[[Path], Any]) -> None:
    try:
        _file(name, text, lambda path: list(read(path)))
    except ValueError:  # for its caller, who names the file
        return


def _grades(text: str) -> None:
    assert all(grade is None or 1 <= grade <= 10 for grade in grades.sound(text).values())


def _progress(text: str) -> None:
    line = progress_line(text)
    assert line is None or isinstance(line["stage"], str) and isinstance(line["step"], int)


def _setting(text: str) -> None:
    json.dumps(parse_setting(text)[1])


TARGETS: dict[str, Target] = {
    **{
        f"answers.{function.__name__}": function
        for function in (
            answers.answer_span, answers.one_line_answer_span, answers.last_answer_span, answers.sliced_answer,
            answers.integer, answers.digits_only_answer, answers.trace_conclusion,
        )
    },
    "answers.tag_span": lambda text: answers.tag_span(text, "think"),
    "boxed.box_spans": boxed.box_spans,
    "boxed.last_boxed": boxed.last_boxed,
    "thinking.conclusion": thinking.conclusion,
    "detections.strict_list": detections.strict_list,
    "judge's verdict": cot_judge.read_verdict,
    "judge's grades": _grades,
    "question's placeholders": question_text.placeholders,
    "question's scripts": lambda text: question_text.mixed_scripts(text, text),
    "question's encoding": question_text.mojibake,
    "printable": lambda text: printable(printable(text)),
    "manifest": lambda text: parse_manifest(text, "0" * 64, "here"),
    "artifact's name": lambda text: artifact(text, NO_STORE, NO_GRAPH),
    "document's key": checked_key,
    "file's path": lambda text: checked_path(text, "file name"),
    "envelope": lambda text: opened(text, {}, "ledger/000000000001.json"),
    "policy": lambda text: _file("policy.toml", text, read_policy),
    "profile": lambda text: _file("mine.toml", text, lambda path: profile(str(path))),
    "schedules": lambda text: _file("schedules.yaml", text, read_file),
    "cron": cron.cron,
    "period": cron.seconds,
    "moment": cron.moment,
    "setting": _setting,
    "JSON rows": lambda text: _rows("rows.json", text, json_rows.json_items),
    "JSON Lines": lambda text: _rows("rows.jsonl", text, json_rows.json_lines),
    "progress line": _progress,
}  # fmt: skip
"""Name -> reader. It may return anything, and raise `RlvrError` alone."""


def run(name: str, text: str) -> None:
    """Give a text to a reader; anything but a result or an `RlvrError` of one paragraph passes on."""
    try:
        TARGETS[name](text)
    except RlvrError as error:
        assert str(error).strip()
