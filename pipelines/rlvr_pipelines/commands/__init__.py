"""The commands of `rlvr`, one file each; a file's heavy imports stand inside its function."""

from rlvr_pipelines.commands.audit import audit
from rlvr_pipelines.commands.cancel import cancel
from rlvr_pipelines.commands.compile import compile
from rlvr_pipelines.commands.evaluate import evaluate
from rlvr_pipelines.commands.gc import gc
from rlvr_pipelines.commands.methods import methods
from rlvr_pipelines.commands.plan import plan
from rlvr_pipelines.commands.report import report
from rlvr_pipelines.commands.reward import reward
from rlvr_pipelines.commands.run import run
from rlvr_pipelines.commands.schedule import schedule
from rlvr_pipelines.commands.score import score
from rlvr_pipelines.commands.show import show
from rlvr_pipelines.commands.submit import submit
from rlvr_pipelines.commands.verify import verify
from rlvr_pipelines.commands.wait import wait

COMMANDS = (methods, show, plan, verify, run, report, compile, reward, score, evaluate, submit, wait, cancel, gc)
"""In the order in which `rlvr --help` lists them."""

GROUPS = (audit, schedule)
"""Commands with commands of their own."""
