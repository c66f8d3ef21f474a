"""Bodies of stages that tests launch."""

import os
import time
from pathlib import Path


def write(*, text, scale, out):
    """Write a text."""
    (out / "text").write_text(text)


def fail(*, scale, out):
    """Fail in a way that people can read."""
    from rlvr.errors import RlvrError

    raise RlvrError("Row 7 has no picture.")


def crash(*, scale, out):
    """Fail in a way that nobody foresaw."""
    raise ZeroDivisionError("no luck")


def meet(*, scale, out, checkpoints):
    """Two processes on two machines: count to three, saving a checkpoint with a file of each; stop when asked."""
    from rlvr.launch import Stopped, stop_requested
    from rlvr.progress import report
    from rlvr.rl.world import world

    place = world()
    machines = place.gather([(place.rank, place.machine, place.leads)])
    assert machines == [(0, 0, True), (1, 1, True)]
    found = place.each_machine(checkpoints.latest)
    step = found[0] if found else 0
    if found:
        assert sorted(path.name for path in found[1].iterdir()) == ["part-0", "part-1"]
        assert (found[1] / f"part-{place.rank}").read_bytes() == bytes([place.rank]) * 1000
        report("meet", step, 3, note=f"continuing after step {step}")
    while step < 3:
        step += 1
        report("meet", step, 3, reward=step / 3)
        with place.folder() as folder:
            names = place.gather([str(folder)])
            assert names[0] != names[1]
            (folder / f"part-{place.rank}").write_bytes(bytes([place.rank]) * 1000)
            place.bring(folder / f"part-{place.rank}")
            if place.main:
                checkpoints.save(step, folder)
        deadline = time.monotonic() + 30
        while not found and step == 1 and not (stop := place.any(stop_requested())):
            assert time.monotonic() < deadline, "nobody asked to stop"
            time.sleep(0.05)
        if not found and step == 1 and stop:
            raise Stopped("stopped after step 1")
    if place.main:
        (Path(out) / "text").write_text(f"step {step}, {os.environ['WORLD_SIZE']} processes")
