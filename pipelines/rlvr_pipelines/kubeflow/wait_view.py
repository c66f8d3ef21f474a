"""What `rlvr wait` shows: a line when a task ends, and what runs meanwhile."""

from types import TracebackType

from rich.console import Console
from rich.markup import escape

from rlvr_pipelines.kubeflow.waiting import RunState, TaskState

MARKS = {"SUCCEEDED": "[green]✓[/green]", "SKIPPED": "[dim]=[/dim]", "FAILED": "[red]✗[/red]"}
WORDS = {
    "SUCCEEDED": "has succeeded",
    "SKIPPED": "was skipped",
    "FAILED": "has failed",
    "CANCELED": "was cancelled",
}
ENDED = (*MARKS, "CANCELED")


class WaitView:
    """Shows a run's states; use it as a context manager."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._told: set[str] = set()
        self._status = console.status("waiting for the first task")

    def __enter__(self) -> "WaitView":
        """Start the line at the bottom, where the console is a terminal."""
        self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the line away."""
        self._status.stop()

    def show(self, run: RunState) -> None:
        """Tell what ended since the last time, and what runs now."""
        for task in run.tasks:
            if task.state in ENDED and task.task_id not in self._told:
                self._told.add(task.task_id)
                self.console.print(_line(task), highlight=False)
        running = [f"{escape(task.name)} {_clock(task.seconds)}" for task in run.tasks if task.state == "RUNNING"]
        self._status.update(", ".join(running) or run.state.lower())

    def end(self, run: RunState) -> None:
        """The last words."""
        failed = [task.name for task in run.tasks if task.state == "FAILED"]
        where = f" at {', '.join(failed)}" if failed and run.state == "FAILED" else ""
        why = f": {run.error}" if run.error and run.state == "FAILED" else ""
        word = WORDS.get(run.state, f"has not ended yet ({run.state.lower()})")
        self.console.print(escape(f"The run {word}{where}{why}"), highlight=False)


def _line(task: TaskState) -> str:
    text = f"{MARKS.get(task.state, '-')} {escape(task.name):<24} {_clock(task.seconds):>8}"
    if task.state == "CANCELED":
        text += "  cancelled"
    return text + (f"  {escape(task.error)}" if task.error else "")


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return ""
    whole = int(seconds)
    hours = f"{whole // 3600}:{whole // 60 % 60:02d}" if whole >= 3600 else f"{whole // 60}"
    return f"{hours}:{whole % 60:02d}"
