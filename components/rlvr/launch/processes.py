"""Running a training stage in one process or, through torchrun, in one process a GPU.

The processes of a launch find their work in a file that only the user can read, so nothing of it shows in the list of
processes. They are told to stop by a file too, for torchrun kills workers half a minute after a signal. Each watches
its standard input, a pipe that closes when the launching process is gone, however it went.

On several machines every machine makes the same call; torchrun learns from `PET_*` variables, as Kubeflow Trainer sets
them, which one this is and where the first one listens.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rlvr.canonical import reference
from rlvr.errors import RlvrError
from rlvr.launch.arguments import plain
from rlvr.launch.stopping import MARKER, Stopped, catch_termination
from rlvr.scratch import scratch
from rlvr.training import Scale

MEETING_SECONDS = 3600
"""How long torchrun waits for its counterparts on other machines: they may still be fetching their inputs."""


def launch(body: Callable[..., object], scale: Scale, /, **arguments: Any) -> None:
    """Call `body(**arguments)` in this process, or in each of the processes that `scale` asks for on this machine.

    For several processes `body` is a module-level function and the arguments are JSON values, paths, `Checkpoints` and
    lists and dictionaries of these. Whatever rank failed first speaks: an `RlvrError` comes back as one, anything else
    as a RuntimeError with the rank's traceback as a note. `Stopped` comes back as `Stopped`.
    """
    if scale.processes == scale.nodes == 1:
        with catch_termination():
            body(**arguments)
        return
    with scratch() as folder:
        call = folder / "call.json"
        call.touch(mode=0o600)
        call.write_text(json.dumps({"body": reference(body), "arguments": plain(arguments)}))
        with catch_termination(marker=folder / "stop"):
            complaints = _run(call, scale)
        if complaints is not None:
            raise _failure(folder, scale.processes, complaints)
        if (folder / "stopped").exists():
            raise Stopped((folder / "stopped").read_text())


def _meeting(scale: Scale) -> list[str]:
    """Arguments of torchrun that say where the processes meet."""
    if scale.nodes == 1:
        return ["--standalone"]
    told = os.environ.get("PET_NNODES")
    if told != str(scale.nodes):
        raise RlvrError(
            f"The stage is spread over {scale.nodes} machines (scale.nodes), but this process was not started on them "
            f"({'PET_NNODES is ' + told if told else 'there is no PET_NNODES'}). Set scale.job to launch it as a "
            f"TrainJob, or scale.nodes=1."
        )
    return ["--rdzv_conf", f"timeout={MEETING_SECONDS}"]


def _run(call: Path, scale: Scale) -> str | None:
    """Run torchrun to its end, passing on what the ranks write; its own words if it failed, None if it did not."""
    processes = scale.processes
    command = [sys.executable, "-m", "torch.distributed.run", *_meeting(scale), "--nproc_per_node", str(processes)]
    command += [
        "--role",
        "rank",
        "--log-dir",
        str(call.parent / "logs"),
        "--tee",
        "2",
        "-m",
        "rlvr.launch.rank",
        str(call),
    ]
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
