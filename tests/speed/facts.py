"""The facts of pictures beside a plain Pillow decode loop: pictures a second a core, two processes, and memory.

    python tests/speed/facts.py             # speed on PNG and JPEG of 480 x 320 px, 2,000 rows each
    python tests/speed/facts.py --memory    # peak memory at 10,000 and at 100,000 rows

Rewards are left out. The decode loop opens, loads and converts every picture to RGB, row by row from the same file, and
does nothing else. Speed is processor time of one process (blind to what else the machine does), and wall time for two
processes beside one; memory is the peak resident set of a process of its own that measures, relates and judges.
"""

import argparse
import io
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq
from PIL import Image

from rlvr.data import rows as row_files
from rlvr.data.checks import judge
from rlvr.data.facts import facts
from rlvr.data.suites import suites

SIZE_PX = (480, 320)
"""A CLEVR picture."""

REPEATS = 3
"""Timings of each; the fastest counts."""


def picture(seed: int, kind: str, size: tuple[int, int] = SIZE_PX) -> bytes:
    """A smooth scene with some grain, which neither encoder likes or dislikes much."""
    rng = random.Random(seed)
    smooth = Image.frombytes("RGB", (16, 12), rng.randbytes(16 * 12 * 3)).resize(size, Image.Resampling.BICUBIC)
    grain = Image.frombytes("L", size, rng.randbytes(size[0] * size[1])).convert("RGB")
    encoded = io.BytesIO()
    Image.blend(smooth, grain, 0.05).save(encoded, kind, **({"quality": 90} if kind == "JPEG" else {}))
    return encoded.getvalue()


def write(folder: Path, count: int, kind: str, size: tuple[int, int] = SIZE_PX, distinct: int = 200) -> Path:
    """A data set of `count` rows that show `distinct` pictures in turn."""
    pictures = [picture(seed, kind, size) for seed in range(min(count, distinct))]

    def every_row():
        for number in range(count):
            made = {"task": "t", "source": "s", "prompt": f"How many are there in number {number}?", "answer": "3"}
            made |= {"row_id": f"{number:016x}", "images": [pictures[number % len(pictures)]], "answer_kind": "integer"}
            yield made

    row_files.write(every_row(), folder, batch=64)
    return folder


def decode(folder: Path) -> int:
    """The plain loop."""
    count = 0
    with pq.ParquetFile(folder / row_files.FILE, pre_buffer=False) as file:
        for batch in file.iter_batches(batch_size=64, columns=["images"]):
            for images in batch["images"].to_pylist():
                for image in images:
                    with Image.open(io.BytesIO(image)) as opened:
                        opened.load()
                        opened.convert("RGB")
                    count += 1
    return count


def fastest(function, clock) -> float:
    """Seconds of the fastest of some calls."""
    seconds = []
    for _ in range(REPEATS):
        start = clock()
        function()
        seconds.append(clock() - start)
    return min(seconds)


def speed(count: int) -> None:
    """Pictures a second of both, and what a second process brings."""
    for kind in ("PNG", "JPEG"):
        with tempfile.TemporaryDirectory() as place:
            folder = write(Path(place), count, kind)
            loop = fastest(lambda folder=folder: decode(folder), time.process_time)
            ours = fastest(lambda folder=folder: facts(folder, processes=1), time.process_time)
            one = fastest(lambda folder=folder: facts(folder, processes=1), time.perf_counter)
            two = fastest(lambda folder=folder: facts(folder, processes=2), time.perf_counter)
            print(
                f"{kind}: decode loop {count / loop:.0f} pictures/s a core, facts {count / ours:.0f}, "
                f"ratio {loop / ours:.2f}; two processes {one / two:.2f}x as fast as one",
                flush=True,
            )


def memory(count: int) -> None:
    """Peak memory of facts and checks on `count` rows, in a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        folder = write(Path(place), count, "JPEG", size=(64, 48))
        done = subprocess.run(
            [sys.executable, __file__, "--measure", str(folder)], stdout=subprocess.PIPE, text=True, check=True
        )
        found = json.loads(done.stdout.splitlines()[-1])
        print(f"{count} rows: peak {found['peak'] / 2**20:.0f} MiB after {found['start'] / 2**20:.0f} MiB", flush=True)


def measure(folder: Path) -> None:
    """What `memory` starts."""
    import great_expectations  # noqa: F401

    start = peak_bytes()
    judge(facts(folder, processes=1), suites()["rows"])
    print(json.dumps({"start": start, "peak": peak_bytes()}))


def peak_bytes() -> int:
    """The kernel's high-water mark of this process (Linux)."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--measure", type=Path)
    chosen = parser.parse_args()
    if chosen.measure:
        measure(chosen.measure)
    elif chosen.memory:
        for number in (10_000, 100_000):
            memory(number)
    else:
        speed(chosen.rows)
