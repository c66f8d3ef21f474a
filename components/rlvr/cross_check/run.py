"""The cross-check stage: run lmms-eval on one checkpoint and keep its numbers beside its own files."""

import importlib.util
import json
import os
import subprocess
from pathlib import Path

from rlvr.cross_check.command import command
from rlvr.cross_check.results import metrics
from rlvr.cross_check.tasks import JUDGED, SHARED, shared
from rlvr.errors import RlvrError
from rlvr.progress import report

TAIL = 20
"""Lines of lmms-eval's output that an error shows."""


def cross_check(*, benchmarks: list[str], role: str, model: Path, scores: Path) -> None:
    """Score the checkpoint `model` on those of `benchmarks` that lmms-eval shares.

    Writes `metrics.json` and lmms-eval's own files to the folder `scores`; `role` is `base` or `tuned`.
    """
    names = shared(tuple(benchmarks))
    if not names:
        judged = [name for name in benchmarks if name in JUDGED]
        raise RlvrError(
            f"None of {', '.join(benchmarks)} is scored by lmms-eval's rules"
            + (f" ({', '.join(judged)}: a language model judges there)" if judged else "")
            + f"; it shares {', '.join(SHARED)}."
        )
    if importlib.util.find_spec("lmms_eval") is None:
        raise RlvrError("lmms-eval is not installed here; the cross-check runs in the image of images/lmms-eval.")
    own = scores / "lmms_eval"
    own.mkdir(parents=True, exist_ok=True)
    label = f"cross-check {role}"
    report(label, 0, len(names))
    _run(command(model, [SHARED[name].task for name in names], own), own / "output.log")
    made = metrics(own, names, role)
    (scores / "metrics.json").write_text(json.dumps(made, indent=2, sort_keys=True, allow_nan=False) + "\n")
    report(label, len(names), len(names))


def _run(words: list[str], log: Path) -> None:
    """Run lmms-eval, its output into `log`; an error ends with the last lines of it.

    What fails within lmms-eval ends with code 0, too, and leaves no results.
    """
    quiet = {"LMMS_EVAL_LOG_LEVEL": "WARNING", "TOKENIZERS_PARALLELISM": "false"}
    with log.open("wb") as file:
        done = subprocess.run(words, stdout=file, stderr=subprocess.STDOUT, env={**os.environ, **quiet}, check=False)
    if done.returncode or not any(log.parent.rglob("*_results.json")):
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
        what = f"ended with {done.returncode}" if done.returncode else "left no results"
        raise RlvrError(f"lmms-eval {what}. Its last lines:\n" + "\n".join(last))
