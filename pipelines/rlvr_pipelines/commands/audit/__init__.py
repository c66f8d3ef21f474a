"""`rlvr audit ...`: questions about artifacts and the statements behind them, one file each."""

import typer

from rlvr_pipelines.commands.audit.approve import approve
from rlvr_pipelines.commands.audit.diff import diff
from rlvr_pipelines.commands.audit.gaps import gaps
from rlvr_pipelines.commands.audit.impact import impact
from rlvr_pipelines.commands.audit.key import key
from rlvr_pipelines.commands.audit.sign import sign
from rlvr_pipelines.commands.audit.trace import trace
from rlvr_pipelines.commands.audit.verify import verify

audit = typer.Typer(
    name="audit",
    help="Ask where an artifact comes from, whether it stands up, and what was made from it.",
    no_args_is_help=True,
)
for command in (verify, trace, impact, gaps, diff, approve, sign, key):
    audit.command()(command)
