"""Peak memory of one update (policy forward and backward) of one side, in a process of its own.

Started by `peak`; prints the bytes by which the update raised the process's resident set, gradients included (Linux:
the kernel's own high-water mark, reset before it), or the GPU's allocated bytes. On our side the mark is reset before
the prompts are read, since what that pass leaves is held through the rollout. What was freed earlier is returned to the
system first, and one update has run before, so that lasting buffers exist.
"""

import ctypes
import gc
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import environment
from workload import Workload

Side = Literal["ours", "theirs"]


def peak(side: Side, workload: Workload, folder: Path) -> int:
    """Bytes of one update of `side` on the checkpoint in `folder`."""
    settings = json.dumps({"side": side, "folder": str(folder), "workload": asdict(workload)})
    done = subprocess.run([sys.executable, __file__, settings], stdout=subprocess.PIPE, text=True, check=True)
    return int(done.stdout.split()[-1])


class Watermark:
    """Bytes above those in use at `start`."""

    def start(self) -> None:
        """Forget earlier peaks."""
        import torch

        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
            self.base = torch.cuda.memory_allocated()
            return
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
        self.base = _status("VmRSS")

    def bytes(self) -> int:
        """The highest use since `start`, less the use then."""
        import torch

        top = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else _status("VmHWM")
        return top - self.base


def _status(field: str) -> int:
    """A size of this process in bytes; counters that the kernel batches a thread are a few pages late."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return 1024 * int(found[1])


def measure(side: Side, workload: Workload, folder: Path) -> int:
    """The bytes, measured in this process."""
    environment.one_thread()
    mark = Watermark()
    if side == "ours":
        from ours import Ours

        ours = Ours(workload, folder)
        read, update, peaks = ours.read, ours.update, []

        def begun(*args: object) -> object:
            mark.start()
            return read(*args)  # type: ignore[arg-type]

        def ended(*args: object) -> None:
            update(*args)  # type: ignore[arg-type]
            peaks.append(mark.bytes())

        ours.read, ours.update = begun, ended  # type: ignore[method-assign, assignment]
        for step in range(2):
            ours.step(step)
        return peaks[-1]
    from theirs import Theirs

    with tempfile.TemporaryDirectory() as scratch:
        theirs = Theirs(workload, folder, 2, Path(scratch))
        trainer, peaks = theirs.trainer, []
        forward, backward = trainer.compute_loss, trainer.accelerator.backward

        def first(*args: object, **kwargs: object) -> object:
            mark.start()
            return forward(*args, **kwargs)

        def last(*args: object, **kwargs: object) -> None:
            backward(*args, **kwargs)
            peaks.append(mark.bytes())

        trainer.compute_loss, trainer.accelerator.backward = first, last
        theirs.run()
    return peaks[-1]


if __name__ == "__main__":
    given, answer = json.loads(sys.argv[1]), environment.results()
    size = measure(given["side"], Workload(**given["workload"]), Path(given["folder"]))
    os.write(answer, f"{size}\n".encode())
