"""What rows, completions, judges, files and other machines say does nothing on a terminal or in a log."""

import io
import json
import re

import pytest
from hostile_text import MARKUP, TERMINAL, acting, plain_console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from rlvr.launch import train_log
from rlvr.launch.failure import Failure, show_others
from rlvr.printable import printable
from rlvr_pipelines.comparison_view import print_comparison
from rlvr_pipelines.kubeflow.wait_view import WaitView
from rlvr_pipelines.kubeflow.waiting import RunState, TaskState
from rlvr_pipelines.progress_view import ProgressView
from rlvr_pipelines.score_completions import Scored, print_scores
from rlvr_pipelines.summary import print_numbers
from rlvr_pipelines.terminal import Console

ATTACKS = (*TERMINAL, *MARKUP)


def drawn(act):
    """What `act(console)` prints."""
    output = io.StringIO()
    act(plain_console(Console, output))
    return output.getvalue()


@pytest.mark.parametrize("text", TERMINAL)
def test_printable_writes_out_what_acts(text):
    shown = printable(text)
    assert acting(shown) == set() and shown != text
    assert printable(shown) == shown


@pytest.mark.parametrize(
    "text", ["naïve café", "小时 2", "x\u0301", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "a\n\tb", "\u00a0"]
)
def test_printable_leaves_writing_alone(text):
    assert printable(text) == text


@pytest.mark.parametrize("text", TERMINAL)
@pytest.mark.parametrize(
    "made",
    [
        str,
        Text,
        lambda text: Table(text, title="x"),
        lambda text: Tree(text),
        lambda text: Text.assemble((text, "bold")),
    ],
    ids=["string", "text", "table", "tree", "styled"],
)
def test_nothing_that_is_printed_acts(made, text):
    assert acting(drawn(lambda console: console.print(made(text)))) == set()
    assert acting(drawn(lambda console: console.log(made(text)))) == set()


def test_colours_and_movements_of_our_own_are_still_there():
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, color_system="standard", width=80)
    console.print("[red]word[/red]")
    with Progress(console=console) as bars:
        bars.add_task("\x1b[2Jwork", total=3)
    written = output.getvalue()
    assert "\x1b[31mword\x1b[0m" in written and "\x1b[?25l" in written and "\x1b[2J" not in written


def test_every_command_prints_on_this_console(sources):
    strays = [
        path.name
        for path in sources
        if re.search(r"(?<![\w.])Console\(", text := path.read_text(encoding="utf-8"))
        and "from rlvr_pipelines.terminal import Console" not in text
        and path.name != "terminal.py"
        and "rlvr_pipelines" in path.parts
    ]
    assert strays == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_completions(attack):
    from rlvr_pipelines.methods import METHODS

    scored = [Scored(line=1, task="counting", completion=f"a {attack} b", rewards={}, reward=None)]
    shown = drawn(lambda console: print_scores(METHODS["r1_v"], scored, console))
    assert acting(shown) == set() and printable(" ".join(f"a {attack} b".split())) in shown


@pytest.mark.parametrize("attack", ATTACKS)
def test_progress_of_a_run(attack):
    lines = [
        {"time": 0.0, "stage": attack, "step": 0, "total": 1, "event": "start"},
        {"time": 20.0, "stage": attack, "step": 1, "total": 9, "note": f"note {attack}"},
        {"time": 40.0, "stage": attack, "step": 2, "total": 9, f"key {attack}": attack},
        {"time": 60.0, "stage": attack, "step": 9, "total": 9, "event": "done"},
    ]
    shown = drawn(lambda console: ProgressView(console).show(lines))
    assert acting(shown) == set()
    for part in (f"{attack}: started", f"note {attack}", f"key {attack} {attack}"):
        assert printable(part) in shown
    output = io.StringIO()
    view = ProgressView(Console(file=output, force_terminal=True, color_system=None, width=300))
    with view:
        view.show(lines)
    foreign = re.sub(r"\x1b\[(\?25[lh]|[0-9]*A|2K|[0-9]*G)|\r", "", output.getvalue())  # what rich itself writes
    assert acting(foreign) == set() and (attack in TERMINAL or attack in foreign)


@pytest.mark.parametrize("attack", ATTACKS)
def test_summary_and_comparison(attack):
    scored = {"score_percent": 1.0, "low": 0.0, "high": 2.0}
    benchmark = {"name": attack, "n": 1, "base": scored, "tuned": scored, "difference": {**scored, "value": 0.0}}
    shown = drawn(lambda console: print_numbers({"benchmarks": [benchmark]}, console))
    assert acting(shown) == set() and printable(attack) in shown
    told = {"runs": [{"label": attack, "benchmarks": [benchmark]}], "repeated": []}
    assert acting(drawn(lambda console: print_comparison(told, console))) == set()


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_cluster_says_of_a_run(attack):
    task = TaskState(task_id="1", name=attack, state="FAILED", seconds=1.0, error=attack)
    run = RunState(state="FAILED", error=attack, tasks=(task,))

    def act(console):
        view = WaitView(console)
        view.show(run)
        view.end(run)

    shown = drawn(act)
    assert acting(shown) == set() and printable(f"at {attack}: {attack}") in shown


@pytest.mark.parametrize("attack", TERMINAL)
def test_lines_of_a_pods_log(attack, capsys, monkeypatch):
    monkeypatch.delenv("RLVR_PROGRESS", raising=False)
    write = train_log.relay("grpo")
    write(f"step {attack}")
    write(json.dumps({"stage": attack, "step": 1, "total": 1, "time": 0.0, "note": attack}, ensure_ascii=False))
    pod = {"node": 1, "name": "pod-1", "exit_code": 1, "last_lines": [attack]}
    show_others(Failure(message="", interrupted=False, document={"pods": [pod]}))
    assert acting(capsys.readouterr().out) == set()


@pytest.mark.parametrize(
    "line",
    [
        '{"a": ' + "[" * 50_000,
        '{"stage": "grpo", "step": 1, "total": 1, "time": 0.0, "event": "done", "outputs": {"model": "evil"}}',
        '{"stage": "grpo", "step": true, "total": 1, "time": 0.0}',
        '{"stage": "grpo", "step": 1, "total": 1, "time": "soon"}',
        '{"stage": ["grpo"], "step": 1, "total": 1, "time": 0.0}',
        '{"step": 1' + "0" * 5000 + "}",
    ],
)
def test_a_pod_cannot_end_a_stage_or_stop_its_log_by_what_it_prints(line, capsys, monkeypatch):
    monkeypatch.delenv("RLVR_PROGRESS", raising=False)
    train_log.relay("grpo")(line)
    printed = capsys.readouterr().out
    assert "evil" not in printed if '"event"' in line else printed.strip() == line


@pytest.mark.parametrize("attack", ATTACKS)
def test_errors_of_the_command(attack, monkeypatch, capsys):
    from rlvr.errors import RlvrError
    from rlvr_pipelines import cli

    def fail():
        raise RlvrError(f"Row {attack} is odd.")

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit):
        cli.main()
    assert acting(capsys.readouterr().err) == set()
