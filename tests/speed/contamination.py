"""Speed and memory of the search for near copies. A measurement, not a test: run it by hand on a quiet machine.

    python tests/speed/contamination.py

It prints, each in a process of its own: milliseconds of one perceptual hash beside Pillow's decoding of the same PNG;
seconds of the join of 70,000 with 20,000 hashes, of which 700 are near, beside a pair at a time in Python; the same for
pictures that look alike, where more pairs are candidates than are kept; of candidates that are looked at,
microseconds a pair; and seconds of the whole comparison of 70,000 training rows with 20,000 of a benchmark, of which
1,000 have the same COCO ids. Times are CPU time of one thread, which is blind to what else the machine does. Memory is
the process's own high-water mark above what its imports take.
"""

import io
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image

from rlvr.data.contamination import compare
from rlvr.data.near_copies import near_copies
from rlvr.data.near_hashes import candidates
from rlvr.data.perceptual_hash import perceptual_hash
from rlvr.datasets import scenes

TRAIN, TEST, COPIES = 70_000, 20_000, 700
"""CLEVR-70k, a large benchmark, and how many of its pictures are copies in the main join."""


def hashing() -> None:
    """One perceptual hash beside the decoding of its picture."""
    scene = Image.open(io.BytesIO(scenes.draw(6, random.Random(0)))).convert("RGB")
    for width, height in ((480, 320), (1024, 768)):
        picture = scene.resize((width, height))
        written = io.BytesIO()
        picture.save(written, "PNG")
        hashed, decoded = best(partial(perceptual_hash, picture)), best(partial(decode, written))
        print(f"hash of {width} x {height}: {hashed:.2f} ms, decoding {decoded:.2f} ms")


def decode(written: io.BytesIO) -> None:
    """Decode a picture in full."""
    Image.open(written).load()


def join() -> None:
    """All pairs of random hashes, some of them copies."""
    draw = np.random.default_rng(0)
    train, test = (draw.integers(0, 2**64, number, dtype=np.uint64) for number in (TRAIN, TEST))
    test[:COPIES] = train[:COPIES] ^ np.uint64(0b10100000001)
    run("copies among strangers", train, test)
    one, other = int(train[0]), [int(value) for value in test]
    start = time.process_time()
    sum((one ^ value).bit_count() <= 8 for value in other)
    print(
        f"  a pair at a time in Python: {(time.process_time() - start) * TRAIN:.0f} s (one row of {TRAIN:,} measured)"
    )


def look_alikes() -> None:
    """All pairs of hashes with few bits of their own, as those of scenes on one floor."""
    draw = np.random.default_rng(0)
    bits = np.uint64(1) << np.arange(0, 64, 2, dtype=np.uint64)[:26]
    train, test = ((draw.integers(0, 2, (n, len(bits)), np.uint64) * bits).sum(1) for n in (TRAIN, TEST))
    run("look-alikes", train, test)


def run(name: str, train: NDArray[np.uint64], test: NDArray[np.uint64]) -> None:
    """Time and memory of one join."""
    before = peak()
    start = time.process_time()
    found = candidates(train, test)
    print(
        f"{name}: {time.process_time() - start:.1f} s for {len(train):,} x {len(test):,}, {len(found.first):,} pairs "
        f"up to {found.complete_to_bits} bits, {peak() - before:.0f} MiB"
    )


def confirming() -> None:
    """Looking at candidates: 300 pictures that all propose each other."""
    pictures = [scenes.draw(3 + seed % 6, random.Random(seed)) for seed in range(300)]
    before = peak()
    start = time.process_time()
    found = near_copies([0] * len(pictures), pictures.__getitem__)
    seconds, pairs = time.process_time() - start, len(pictures) * (len(pictures) - 1) // 2
    print(
        f"confirming: {1e6 * seconds / pairs:.1f} us a pair, pictures decoded once included; {len(found.first)} of "
        f"{pairs:,} confirmed, {peak() - before:.0f} MiB"
    )


def comparing() -> None:
    """Leaks, overlaps and templates of two tables of facts."""
    picture = scenes.draw(6, random.Random(0))
    train, test = (table(number, part) for number, part in ((TRAIN, "train"), (TEST, "test")))
    ids = {position: [position] for position in range(TRAIN)}, {row: [row + TRAIN - 1000] for row in range(TEST)}
    before = peak()
    start = time.process_time()
    (found,) = compare(train, test, lambda *place: picture, train_ids=ids[0], test_ids=ids[1])
    print(
        f"comparing: {time.process_time() - start:.1f} s for {TRAIN:,} x {TEST:,} rows, {len(found.leaked)} leaks, "
        f"{len(found.image_overlap)} overlaps, {peak() - before:.0f} MiB"
    )


def table(number: int, part: str) -> pa.Table:
    """Facts of rows with a picture of their own each, every other one with a question that all share."""
    values = np.random.default_rng(number).integers(0, 2**64, number, dtype=np.uint64)
    digests = [f"{part} {place}" for place in range(number)]
    return pa.table(
        {
            "row_id": digests,
            "task": [part] * number,
            "pixel_digest": digests,
            "picture_digests": [[digest] for digest in digests],
            "picture_hashes": pa.array([[int(value)] for value in values], pa.list_(pa.uint64())),
            "question_digest": [f"{place * (place % 2)}" for place in range(number)],
        }
    )


def best(work: Callable[[], object], times: int = 30) -> float:
    """Milliseconds of the fastest of some calls."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return 1000 * min(taken)


def peak() -> float:
    """MiB of the process's high-water mark."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


MEASUREMENTS = {work.__name__: work for work in (hashing, join, look_alikes, confirming, comparing)}

if __name__ == "__main__":
    for name in sys.argv[1:]:
        MEASUREMENTS[name]()
    if not sys.argv[1:]:
        for name in MEASUREMENTS:
            subprocess.run([sys.executable, __file__, name], check=True)
