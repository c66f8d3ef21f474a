"""Running a training stage in one process or, through torchrun, in one process a GPU; and stopping it in good time.

A stage that gets SIGTERM finishes its step, saves a checkpoint and raises `Stopped`; the process that performs the
stage then ends with exit code 75 (EX_TEMPFAIL of sysexits.h: run the same thing again and it goes on).

The processes of a launch find their work in a file that only the user can read, so nothing of it shows in the list of
processes. They are told to stop by a file too, for torchrun kills workers half a minute after a signal. Each watches
its standard input, a pipe that closes when the launching process is gone, however it went.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from rlvr.canonical import reference, resolve
from rlvr.checkpoints import Checkpoints
from rlvr.errors import RlvrError
from rlvr.progress import VARIABLE
from rlvr.store import open_store
from rlvr.training import Scale

EXIT_CODE = 75
"""Exit code of a stage that was stopped and goes on when it is run again."""

MARKER = "RLVR_STOP"
"""Environment variable naming the file whose appearance asks the processes of a launch to stop."""

_termination = threading.Event()


class Stopped(Exception):
    """The stage was asked to stop, has saved a checkpoint, and goes on from it when it is run again."""


def stop_requested() -> bool:
    """Whether this process was asked to stop. Ranks may learn of it at different steps: ask `World.any`."""
    return _termination.is_set() or ((marker := os.environ.get(MARKER)) is not None and os.path.exists(marker))


@contextmanager
def catch_termination(marker: Path | None = None) -> Iterator[None]:
    """Within: a first SIGTERM only asks to stop (and makes the file `marker`); a second one ends the process."""
    _termination.clear()
    if threading.current_thread() is not threading.main_thread():
        yield  # Python handles signals in the main thread alone
        return

    def ask(number: int, frame: FrameType | None) -> None:
        _termination.set()
        if marker is not None:
            marker.touch()
        signal.signal(number, before)

    before = signal.signal(signal.SIGTERM, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def launch(body: Callable[..., object], scale: Scale, /, **arguments: Any) -> None:
    """Call `body(**arguments)` in this process, or in each of `scale.processes` processes of torchrun.

    For several processes `body` is a module-level function and the arguments are JSON values, paths, `Checkpoints` and
    lists and dictionaries of these. Whatever rank failed first speaks: an `RlvrError` comes back as one, anything else
    as a RuntimeError with the rank's traceback as a note. `Stopped` comes back as `Stopped`.
    """
    if scale.processes == 1:
        with catch_termination():
            body(**arguments)
        return
    with tempfile.TemporaryDirectory(prefix="rlvr-launch-") as name:  # mode 700
        folder = Path(name)
        call = folder / "call.json"
        call.touch(mode=0o600)
        call.write_text(json.dumps({"body": reference(body), "arguments": _plain(arguments)}))
        with catch_termination(marker=folder / "stop"):
            complaints = _run(call, scale.processes)
        if complaints is not None:
            raise _failure(folder, scale.processes, complaints)
        if (folder / "stopped").exists():
            raise Stopped((folder / "stopped").read_text())


def _run(call: Path, processes: int) -> str | None:
    """Run torchrun to its end, passing on what the ranks write; its own words if it failed, None if it did not."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    command += ["--role", "rank", "--log-dir", str(call.parent / "logs"), "--tee", "2", "-m", __name__, str(call)]
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // processes)), **os.environ}
    environment |= {"PYTHONPATH": paths, MARKER: str(call.parent / "stop")}
    own = []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True, start_new_session=True
    ) as torchrun:
        assert torchrun.stderr is not None
        try:
            for line in torchrun.stderr:
                if re.match(r"\[rank\d+\]:", line):
                    sys.stderr.write(line)
                else:
                    own.append(line)
        except BaseException:
            torchrun.terminate()  # it ends its workers
            raise
    return "".join(own) if torchrun.returncode else None


def _failure(folder: Path, processes: int, complaints: str) -> Exception:
    """What the first rank that failed said, or what is known of one that could not say anything."""
    failures = [json.loads(file.read_text()) for file in folder.glob("failure-*.json")]
    codes = re.findall(r"exitcode\s*: (-?\d+)", complaints)
    if "-9" in codes:  # whoever waited for it may have complained too
        return RlvrError(
            f"One of {processes} processes was killed, most often for want of memory. Give the stage more, or set "
            f"scale.zero_stage, scale.gradient_checkpointing or a smaller scale.micro_batch_tokens."
        )
    if not failures:
        return RuntimeError(f"torchrun failed and no process left a message:\n{complaints}")
    first = min(failures, key=lambda failure: float(failure["time"]))
    if first["readable"]:
        return RlvrError(first["message"])
    error = RuntimeError(f"process {first['rank']} of {processes}: {first['message']}")
    error.add_note(first["traceback"])
    return error


def work(path: str) -> None:
    """One rank: do what the file at `path` says, and leave a message if it cannot be done."""
    threading.Thread(target=_end_with_launcher, daemon=True).start()
    call, rank = Path(path), os.environ["RANK"]
    if rank != "0":
        os.environ[VARIABLE] = os.devnull  # one rank reports progress
    try:
        content = json.loads(call.read_text())
        resolve(content["body"])(**_whole(content["arguments"]))
        _leave()
    except Stopped as stopped:
        (call.parent / "stopped").write_text(str(stopped))
        _leave()
    except Exception as error:
        kind = "" if isinstance(error, RlvrError) else f"{type(error).__name__}: "
        failure = {
            "rank": rank,
            "time": time.time(),
            "readable": isinstance(error, RlvrError),
            "message": f"{kind}{error}",
            "traceback": traceback.format_exc(),
        }
        staged = call.parent / f"failure-{rank}.part"
        staged.write_text(json.dumps(failure))
        staged.rename(staged.with_suffix(".json"))
        sys.exit(1)


def _leave() -> None:
    from rlvr.rl.world import leave

    leave()


def _end_with_launcher() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(EXIT_CODE)


def _plain(value: Any) -> Any:
    """`value` as JSON types; `_whole` is the inverse."""
    if isinstance(value, Path):
        return {"$path": str(value)}
    if isinstance(value, Checkpoints):
        return {"$checkpoints": [value.store.url, value.key]}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _whole(value: Any) -> Any:
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"$path"}:
        return Path(value["$path"])
    if value.keys() == {"$checkpoints"}:
        url, key = value["$checkpoints"]
        return Checkpoints(open_store(url), key)
    return {key: _whole(item) for key, item in value.items()}


if __name__ == "__main__":
    from rlvr import launch as imported  # the module that bodies import, not a second copy of it

    imported.work(sys.argv[1])
