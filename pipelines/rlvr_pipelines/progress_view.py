"""What a run looks like while it goes: a bar a stage on a terminal, plain lines elsewhere."""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text


class ClockColumn(ProgressColumn):
    """Time a stage has taken and, while it runs, about how much is left."""

    def render(self, task: Task) -> Text:
        """For example `1:05, 0:40 left`."""
        if task.elapsed is None:
            return Text("")
        left = None if task.finished else task.time_remaining
        taken = task.finished_time if task.finished and task.finished_time is not None else task.elapsed
        return Text(_clock(taken) + (f", {_clock(left)} left" if left is not None else ""), style="cyan")


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


class ProgressView:
    """Draws progress lines, as `rlvr.progress.report` writes them."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.bars = Progress(
            TextColumn("{task.fields[mark]} {task.description:<18}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[count]:>11}"),
            TextColumn("{task.fields[values]:<34}"),
            ClockColumn(),
            console=console,
            disable=not console.is_terminal,
            redirect_stdout=False,  # what stages and kfp print goes to the run's log
            redirect_stderr=False,
        )
        self.tasks: dict[str, TaskID] = {}
        self.started: dict[str, float] = {}
        self.printed: dict[str, float] = {}
        self.continued: dict[str, int] = {}

    def begin(self, folder: Path) -> None:
        """Say where the run's files are."""
        self.console.print(f"[dim]Run folder {escape(str(folder))} (log: run.log)[/dim]")

    def stopping(self) -> None:
        """Say that the run was told to stop, and what it waits for."""
        self._say("Stopping: training saves a checkpoint first; Ctrl-C now ends it at once.")

    def __enter__(self) -> "ProgressView":
        self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bars.stop()

    def show(self, lines: Iterable[dict[str, Any]]) -> None:
        """Draw some progress lines."""
        for line in lines:
            self._bar(line)
            if not self.console.is_terminal:
                self._line(line)
            elif "note" in line:
                self._say(f"{line['stage']}: {line['note']}")  # above the bars

    def _bar(self, line: dict[str, Any]) -> None:
        stage, event = line["stage"], line.get("event")
        if stage not in self.tasks:
            self.tasks[stage] = self.bars.add_task(escape(stage), total=None, mark="·", count="", values="")
        task = self.tasks[stage]
        if event is None:
            count = f"{line['step']}/{line['total']}"
            self.bars.update(
                task, total=line["total"], completed=line["step"], count=count, values=escape(values(line))
            )
        elif event == "known":
            self.bars.update(task, values="already done")
        elif event == "done":
            total = next(entry for entry in self.bars.tasks if entry.id == task).total or 1
            self.bars.update(task, total=total, completed=total, mark="[green]✓[/green]")
        elif event == "error":
            self.bars.update(task, mark="[red]✗[/red]")
        elif event == "stopped":
            self.bars.update(task, mark="[yellow]‖[/yellow]")

    def _line(self, line: dict[str, Any]) -> None:
        stage, event = line["stage"], line.get("event")
        if event == "start":
            self.started[stage] = line["time"]
            self._say(f"{stage}: started")
        elif event == "known":
            self._say(f"{stage}: already done")
        elif event == "done":
            if stage in self.started:
                self._say(f"{stage}: done in {line['time'] - self.started[stage]:.0f} s")
        elif event == "stopped":
            self._say(f"{stage}: stopped; it goes on when it is run again")
        elif event is None:
            if line["time"] - self.printed.get(stage, self.started.get(stage, 0.0)) > 10 or "note" in line:
                self.printed[stage] = line["time"]
                seconds = line["time"] - self.started.get(stage, line["time"])
                done = line["step"] - self.continued.get(stage, 0)
                left = seconds * (line["total"] - line["step"]) / max(1, done)
                rest = f"  about {left:.0f} s left" if done > 1 else ""  # the first step holds set-up, too
                note = f"  {line['note']}" if "note" in line else f"  {values(line)}{rest}"
                if "note" in line:
                    self.continued[stage] = line["step"]
                self._say(f"{stage}: {line['step']}/{line['total']}{note}")

    def _say(self, text: str) -> None:
        """A line in which nothing is markup: notes and values may quote rows and completions."""
        self.console.print(text, markup=False)


def values(line: dict[str, Any]) -> str:
    """The numbers of a progress line, e.g. `reward 1.31  kl 0.02`."""
    skipped = ("time", "stage", "step", "total", "event", "note", "outputs", "message")
    return "  ".join(
        f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}"
        for key, value in line.items()
        if key not in skipped
    )
