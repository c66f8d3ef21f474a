"""Symbolic equality of two texts by math-verify, in bounded time on any text and from any thread.

math-verify limits its time with an alarm signal, which works in the main thread alone and not inside long C calls
(`9**9**9**9`). So it runs in a child process (`symbolic_worker`) that starts at the first question, answers one pair
at a time, and is ended by the kernel when a pair uses more processor time than allowed. Threads that ask at the same
time get a child process each, as many as there are processors. Processor time rather than the
clock, so that a busy machine does not change rewards. Texts above `MAX_CHARACTERS` are not compared.

Upstream methods call `verify(parse(completion), parse(solution))` in their own process with limits of 3 to 5 seconds.
"""

import atexit
import importlib.util
import json
import os
import select
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from rlvr.errors import RlvrError

MAX_CHARACTERS = 65_536
"""Longest text that is compared; some eight times the longest completion that any method allows."""

CPU_SECONDS = 2.0
"""Processor time for one pair; a usual one takes some milliseconds."""

WALL_SECONDS = 60.0
"""Clock time after which a worker that does not answer at all is given up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How math-verify reads a text."""

    targets: tuple[Literal["latex", "expr", "string"], ...] = ("latex", "expr")
    """What is looked for, in the order of math-verify's `extraction_config`."""
    strings: tuple[str, ...] = ("A", "B", "C", "D")
    """Words that the target `string` looks for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What math-verify makes of a pair of texts."""

    equal: bool
    """Whether the two hold equal mathematics; False also when either cannot be read or time ran out."""
    prediction: tuple[str, ...] = ()
    """`str()` of what was read in the prediction, best first (an expression, then its text); empty when nothing was."""
    truth: tuple[str, ...] = ()
    """The same of the truth."""
    failed: bool = False
    """Whether reading or comparing raised or ran out of time."""


DEFAULT = Reading()
"""math-verify's own default: LaTeX, then plain expressions."""


@lru_cache(maxsize=8192)
def compare(
    prediction: str,
    truth: str,
    prediction_reading: Reading = DEFAULT,
    truth_reading: Reading = DEFAULT,
    *,
    truth_first: bool = False,
    rounding: int = 6,
    pi: float | None = None,
) -> Comparison:
    """Read both texts and compare them; remembered, for a training step scores many equal strings.

    math-verify's `verify(gold, target)` is not symmetric: most upstreams pass the prediction first, `truth_first`
    passes the truth first. `rounding` are its `float_rounding` decimals. `pi` is put in for the constant in both
    expressions; where either is no expression, they then count as different (MMR1).
    """
    if max(len(prediction), len(truth)) > MAX_CHARACTERS:
        return Comparison(equal=False, failed=True)
    readings = [[reading.targets, reading.strings] for reading in (prediction_reading, truth_reading)]
    return _pool.ask([prediction, truth], readings=readings, truth_first=truth_first, rounding=rounding, pi=pi)


def equal(prediction: str, truth: str) -> bool | None:
    """Whether the two texts hold equal mathematics; None when none can be read in `prediction` in the allowed time."""
    found = compare(prediction, truth)
    return found.equal if found.prediction and not found.failed else None


class _Pool:
    """One worker for each thread that asks at the same time, up to the number of processors."""

    def __init__(self) -> None:
        self._workers: list[_Worker] = []
        self._idle: list[_Worker] = []
        self.forget()

    def ask(self, texts: list[str], **options: Any) -> Comparison:
        """The verdict on one pair; a thread asks the worker that it asked before, which remembers what it read."""
        with self._places:
            with self._lock:
                if not self._idle:
                    self._workers.append(_Worker())
                    self._idle.append(self._workers[-1])
                known = getattr(self._asked, "worker", None)
                worker = self._idle.pop(self._idle.index(known) if known in self._idle else -1)
            self._asked.worker = worker
            try:
                return worker.ask(texts, **options)
            finally:
                with self._lock:
                    self._idle.append(worker)

    def close(self) -> None:
        """End all processes; the next question starts one again."""
        for worker in self._workers:
            worker.close()

    def forget(self) -> None:
        """In a forked child: leave the parent's processes alone and start own ones when asked."""
        for worker in self._workers:
            worker.forget()
        self._lock, self._places = threading.Lock(), threading.Semaphore(len(os.sched_getaffinity(0)))
        self._asked = threading.local()
        self._workers, self._idle = [], []


class _Worker:
    """A child process; started when first asked, replaced when it has died. One thread uses it at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, texts: list[str], **options: Any) -> Comparison:
        """The verdict on one pair; `failed` when the process died over it."""
        question = json.dumps({"texts": texts, **options}).encode() + b"\n"
        process = self._process
        if process is None or process.poll() is not None:
            process = self._start()
        answer = b""
        try:
            answer = _exchange(process, question)
        finally:
            if not answer:  # it died, or we were interrupted and its answer would be taken for the next one's
                self.close()
        if not answer:
            return Comparison(equal=False, failed=True)
        verdict = json.loads(answer)
        prediction, truth = map(tuple, verdict["read"])
        return Comparison(equal=verdict["equal"], prediction=prediction, truth=truth, failed=verdict["failed"])

    def _start(self) -> subprocess.Popen[bytes]:
        self.close()
        if importlib.util.find_spec("math_verify") is None:
            raise RlvrError(
                "Comparing mathematical answers needs the package math-verify, which is not installed; install rlvr "
                "with one of its extras data, train or evaluate, e.g. pip install 'rlvr[train]'."
            )
        # -P: the worker is run by its path, and its folder must not become a place to import from.
        program = [sys.executable, "-P", str(Path(__file__).with_name("symbolic_worker.py")), str(CPU_SECONDS)]
        self._process = subprocess.Popen(
            program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        if _answer(self._process) != b"ready\n":
            self.close()
            raise RlvrError(
                f"The process that runs math-verify did not start ({' '.join(program)}); run that command by hand to "
                "see its error."
            )
        return self._process

    def close(self) -> None:
        """End the process, if there is one, and release its pipes."""
        if process := self._process:
            self._process = None
            process.kill()
            _close_pipes(process)
            process.wait()

    def forget(self) -> None:
        """In a forked child: leave the parent's process alone."""
        if process := self._process:
            self._process = None
            _close_pipes(process)
            process.returncode = 0  # it is not ours to wait for


def _exchange(process: subprocess.Popen[bytes], question: bytes) -> bytes:
    """Send a question and return the answer's line; empty when the process died over it."""
    assert process.stdin is not None
    try:
        process.stdin.write(question)
        process.stdin.flush()
    except BrokenPipeError:
        return b""
    return _answer(process)


def _answer(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    waiting = select.poll()
    waiting.register(process.stdout, select.POLLIN)
    return process.stdout.readline() if waiting.poll(WALL_SECONDS * 1000) else b""


def _close_pipes(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:  # a question that the dead process never read
                pass


_pool = _Pool()
atexit.register(_pool.close)
os.register_at_fork(after_in_child=_pool.forget)
