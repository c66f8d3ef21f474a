"""The facts of pictures beside a plain Pillow decode loop: pictures a second a core, two processes, and memory.

    python tests/speed/facts.py               # speed on pictures as CLEVR (PNG) and COCO (JPEG) have them, and on small
                                              # JPEGs, 500 rows each: every picture in one row, then in four
    python tests/speed/facts.py --processes   # two processes beside one, 4,000 rows each
    python tests/speed/facts.py --memory      # peak memory at 10,000 and at 100,000 rows

Rewards are left out. The decode loop opens, loads and converts every picture to RGB, row by row from the same file, and
does nothing else; the describing loop also takes what facts hold of a picture by the usual means: SHA-256 of the file
and of the pixels, and the perceptual hash as ImageHash computes it. Speed is processor time of one process in rounds in
which all take their turns, for the machine is not equally fast all the time: the fastest round, and the median of the
rounds' ratios. Wall time, the fastest, is taken of two processes beside one, of the facts and of two decode loops that
know nothing of each other (a process that starts imports what this file does, so it imports little). Memory is the peak
of what a process of its own, which measures, relates and judges, keeps for itself (the facts lie in a mapped file, not
counted).
"""

import argparse
import hashlib
import io
import json
import multiprocessing
import random
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from rlvr.data import picture_facts
from rlvr.data import rows as row_files
from rlvr.data.facts import facts

CLEVR_PX, COCO_PX = (480, 320), (640, 480)
"""Sizes of pictures."""

CASES = (("PNG", CLEVR_PX, 1), ("JPEG", COCO_PX, 1), ("JPEG", CLEVR_PX, 1), ("PNG", CLEVR_PX, 4), ("JPEG", COCO_PX, 4))
"""Encoding, size, and rows that show each picture."""

ROUNDS = 9
"""Timings of each."""


def picture(seed: int, kind: str, size: tuple[int, int] = CLEVR_PX) -> bytes:
    """A smooth scene with some grain, which neither encoder likes or dislikes much."""
    rng = random.Random(seed)
    smooth = Image.frombytes("RGB", (16, 12), rng.randbytes(16 * 12 * 3)).resize(size, Image.Resampling.BICUBIC)
    grain = Image.frombytes("L", size, rng.randbytes(size[0] * size[1])).convert("RGB")
    encoded = io.BytesIO()
    Image.blend(smooth, grain, 0.05).save(encoded, kind, **({"quality": 90} if kind == "JPEG" else {}))
    return encoded.getvalue()


def write(folder: Path, count: int, kind: str, size: tuple[int, int] = CLEVR_PX, *, repeats: int = 1) -> Path:
    """A data set of `count` rows, every picture in `repeats` of them."""

    def every_row():
        for number in range(count):
            if number % repeats == 0:
                shown = picture(number, kind, size)
            made = {"task": "t", "source": "s", "prompt": f"How many are there in number {number}?", "answer": "3"}
            made |= {"row_id": f"{number:016x}", "images": [shown], "answer_kind": "integer"}
            yield made

    row_files.write(every_row(), folder)
    return folder


def pictures(folder: Path):
    """Every picture, encoded."""
    with pq.ParquetFile(folder / row_files.FILE, pre_buffer=False) as file:
        for batch in file.iter_batches(batch_size=64, columns=["images"]):
            for images in batch["images"].to_pylist():
                yield from images


def decode(folder: Path) -> None:
    """The plain loop."""
    for image in pictures(folder):
        with Image.open(io.BytesIO(image)) as opened:
            opened.load()
            opened.convert("RGB")


def describe(folder: Path) -> None:
    """The plain loop, with digests and hash."""
    import scipy.fftpack

    for image in pictures(folder):
        hashlib.sha256(image).hexdigest()
        with Image.open(io.BytesIO(image)) as opened:
            opened.load()
            rgb = opened.convert("RGB")
        hashlib.sha256(rgb.tobytes()).hexdigest()
        small = np.asarray(rgb.convert("L").resize((32, 32), Image.Resampling.LANCZOS))
        low = scipy.fftpack.dct(scipy.fftpack.dct(small, axis=0), axis=1)[:8, :8]
        int("".join(str(bit) for bit in 1 * (low > np.median(low)).flatten()), 2)


def decode_twice(folder: Path) -> None:
    """The plain loop in two processes at once, each over every picture."""
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(decode, [folder] * 2, chunksize=1)


def seconds(clock, function) -> float:
    """What one call takes."""
    start = clock()
    function()
    return clock() - start


def rounds(clock, *functions) -> np.ndarray:
    """Seconds of each function in each round: (functions, rounds)."""
    return np.array([[seconds(clock, function) for function in functions] for _ in range(ROUNDS)]).T


def measured_anew(folder: Path, processes: int) -> None:
    """The facts without what an earlier call remembers."""
    picture_facts._kept.clear()
    facts(folder, processes=processes)


def speed(count: int) -> None:
    """Pictures a second a core."""
    for kind, size, repeats in CASES:
        with tempfile.TemporaryDirectory() as place:
            folder = write(Path(place), count, kind, size, repeats=repeats)
            taken = rounds(
                time.process_time,
                partial(decode, folder),
                partial(describe, folder),
                partial(measured_anew, folder, 1),
            )
            loop, same, ours = count / taken.min(axis=1)
            ratio, described = np.median(taken[:2] / taken[2], axis=1)
            print(
                f"{kind}, {size[0]} x {size[1]} px, each in {repeats} row(s): decode loop {loop:.0f} pictures/s, "
                f"describing loop {same:.0f}, facts {ours:.0f}: ratios {ratio:.2f} and {described:.2f}",
                flush=True,
            )


def scaling(count: int) -> None:
    """What a second process brings."""
    for kind, size, _ in CASES[:2]:
        with tempfile.TemporaryDirectory() as place:
            folder = write(Path(place), count, kind, size)
            taken = rounds(
                time.perf_counter,
                partial(measured_anew, folder, 1),
                partial(measured_anew, folder, 2),
                partial(decode, folder),
                partial(decode_twice, folder),
            )
            one, two, apart, beside = taken.min(axis=1)
            print(
                f"{kind}, {size[0]} x {size[1]} px, {count} rows: facts {one:.1f} s in one process, {two:.1f} s in "
                f"two, {one / two:.2f}x as fast; two decode loops {2 * apart / beside:.2f}x",
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

    from rlvr.data.checks import judge
    from rlvr.data.suites import suites

    start = highest = own_bytes()

    def watch() -> None:
        nonlocal highest
        while True:
            highest = max(highest, own_bytes())
            time.sleep(0.02)

    threading.Thread(target=watch, daemon=True).start()
    judge(facts(folder, processes=1), suites()["rows"])
    print(json.dumps({"start": start, "peak": highest}))


def own_bytes() -> int:
    """Resident memory of this process that belongs to no file (Linux)."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("RssAnon:")[2].split()[0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--processes", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--measure", type=Path)
    chosen = parser.parse_args()
    if chosen.measure:
        measure(chosen.measure)
    elif chosen.memory:
        for number in (10_000, 100_000):
            memory(number)
    elif chosen.processes:
        scaling(chosen.rows or 4000)
    else:
        speed(chosen.rows or 500)
