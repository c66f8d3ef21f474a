"""The `rlvr` command."""

import os
import sys

import typer

from rlvr.errors import RlvrError
from rlvr.redaction import redact_tracebacks, redacted
from rlvr_pipelines.commands import COMMANDS, GROUPS
from rlvr_pipelines.terminal import Console

app = typer.Typer(
    name="rlvr",
    help="Reproduce R1-style multimodal RL: data, verification, GRPO, evaluation and report, on a laptop or Kubeflow.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

for command in COMMANDS:
    app.command()(command)
for group in GROUPS:
    app.add_typer(group)


def main() -> None:
    """Run the command; what the user can mend is one paragraph on stderr and exit code 1, an interruption is 130."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    redact_tracebacks()
    try:
        app()
    except RlvrError as error:
        Console(stderr=True, highlight=False).print(f"[bold red]rlvr:[/bold red] {_plain(redacted(str(error)))}")
        sys.exit(1)
    except (KeyboardInterrupt, SystemExit) as ended:
        if isinstance(ended, SystemExit) and ended.code != INTERRUPTED:  # typer ends so itself when interrupted
            raise
        Console(stderr=True).print("Interrupted; run the same command to go on.")
        sys.exit(INTERRUPTED)


def _plain(text: str) -> str:
    """Text without markup or control characters: messages may quote file names and data."""
    from rich.markup import escape

    return escape("".join(letter for letter in text if letter.isprintable() or letter == "\n"))
