"""Generating a benchmark's replies, batch by batch, so that an interrupted evaluation goes on where it stopped.

Each batch becomes a part file in a folder, and the folder is kept as a checkpoint from time to time. A restarted
evaluation generates what no part holds. A reply depends on its row, sample and seed alone (`rlvr.rl.rollout`), so where
it was interrupted, and how large batches are, changes nothing.
"""

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.checkpoints import Checkpoints
from rlvr.data.rows import Row
from rlvr.errors import RlvrError
from rlvr.predictions import GENERATED, Answer
from rlvr.progress import report
from rlvr.scratch import scratch

SAVE_SECONDS = 30.0
"""Time between two checkpoints, at least."""

Generate = Callable[[Sequence[int]], list[Answer]]
"""Numbers of rows -> their replies, `samples` a row."""


def complete(
    wanted: int,
    generate: Generate,
    *,
    batch: int,
    checkpoints: Checkpoints | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Answer]:
    """The replies of rows 0 to `wanted` - 1, `batch` rows at a time; those in the newest checkpoint are kept.

    `progress` is called with the number of rows done. What is done is saved whatever happens: at an interruption, and
    at the end, so that an error in scoring does not cost the replies.
    """
    with scratch() as place:
        folder, unfinished = place / "parts", place / "unfinished.parquet"
        folder.mkdir()
        answers = _restored(checkpoints, folder)
        done = {answer["row"] for answer in answers}
        missing = [number for number in range(wanted) if number not in done]
        saved, last = len(done), time.monotonic()
        try:
            for start in range(0, len(missing), batch):
                part = generate(missing[start : start + batch])
                pq.write_table(pa.Table.from_pylist(part, GENERATED), unfinished)
                unfinished.replace(folder / f"{len(done):09d}.parquet")  # a part is whole or not there
                answers += part
                done |= set(missing[start : start + batch])
                progress(len(done))
                if checkpoints is not None and time.monotonic() - last >= SAVE_SECONDS:
                    checkpoints.save(len(done), folder)
                    saved, last = len(done), time.monotonic()
        finally:
            if checkpoints is not None and len(done) > saved:
                checkpoints.save(len(done), folder)
    return answers


def generator(benchmark: Benchmark, rows: Sequence[Row], model: Path, precision: str, seed: int = 0) -> Generate:
    """A function that answers rows with the checkpoint `model`; each prompt is read once for all its samples."""
    if benchmark.samples > 1 and benchmark.sampling.temperature == 0:
        raise RlvrError(
            f"Benchmark {benchmark.name} decodes greedily, so its {benchmark.samples} samples of a row would all be "
            f"the same; set a temperature (--temperature 0.6), or take one sample."
        )
    from rlvr.backbones.checkpoint import load_model, load_processor
    from rlvr.rl.encoding import Encoder
    from rlvr.rl.rollout import Rollout

    processor = load_processor(model)
    encoder = Encoder(
        processor,
        {benchmark.name: benchmark.prompt},
        frames_per_second=benchmark.frames_per_second,
        max_frames=benchmark.max_frames,
        max_video_pixels=benchmark.max_video_pixels,
    )
    rollout = Rollout(load_model(model, precision), processor.tokenizer)

    def generate(numbers: Sequence[int]) -> list[Answer]:
        prompts = [encoder.prompt(rows[number]) for number in numbers]
        groups = rollout.generate(prompts, benchmark.samples, benchmark.sampling, seed=seed)
        return [
            {
                "row": number,
                "sample": sample,
                "row_id": rows[number]["row_id"],
                "completion": benchmark.prompt.prefill + encoder.decode(completion.ids.tolist()),
                "tokens": len(completion.ids),
                "truncated": completion.truncated,
            }
            for number, group in zip(numbers, groups, strict=True)
            for sample, completion in enumerate(group)
        ]

    return generate


def watched(label: str, benchmark: Benchmark, wanted: int) -> Callable[[int], None]:
    """A `progress` that tells whoever watches the stage `label`."""
    return lambda done: report(label, done, wanted, benchmark=benchmark.name)


def _restored(checkpoints: Checkpoints | None, folder: Path) -> list[Answer]:
    """Copy the newest checkpoint's parts to `folder` and read them."""

    def restore(_: int, kept: Path) -> list[Answer]:
        for part in folder.iterdir():  # of a checkpoint that vanished while it was copied
            part.unlink()
        parts = [shutil.copyfile(file, folder / file.name) for file in sorted(kept.iterdir())]
        return [answer for part in parts for answer in pq.read_table(part).to_pylist()]

    return (checkpoints.restore(restore) if checkpoints is not None else None) or []
