"""The evaluate stage: generate predictions on one benchmark, then score them under both answer rules.

Generation and scoring are separate: predictions are kept, and `rlvr score` scores them again at any time.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rlvr import predictions as kept
from rlvr.benchmarks.benchmark import Benchmark
from rlvr.canonical import load
from rlvr.checkpoints import Checkpoints
from rlvr.data.rows import read
from rlvr.errors import RlvrError
from rlvr.generation import complete, generator, watched


def evaluate(
    *,
    benchmark: dict[str, Any],
    role: str,
    precision: str,
    batch: int,
    model: Path,
    tests: Path,
    predictions: Path,
    seed: int = 0,
    digests: dict[str, str] | None = None,
    checkpoints: Checkpoints | None = None,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Answer every row of `benchmark` (a `Benchmark` as JSON) with the checkpoint `model`.

    Writes `predictions.parquet` and `evaluation.json` to the folder `predictions`; `role` is `base` or `tuned`,
    `batch` the number of rows generated at a time, `seed` that of samples that are not greedy, `digests` the digests of
    the inputs, for the record. With `checkpoints`, an interrupted evaluation generates what is missing. `progress` is
    called with the number of rows done; without it, the stage's watchers are told.
    """
    chosen = load(Benchmark, benchmark)
    rows = read(tests, [chosen.name])
    if not rows:
        raise RlvrError(f"The test data set holds no rows of benchmark {chosen.name}; its source yielded none.")
    from rlvr.rl.hardware import hardware

    started = time.perf_counter()
    answers = complete(
        len(rows),
        generator(chosen, rows, model, precision, seed),
        batch=batch,
        checkpoints=checkpoints,
        progress=progress or watched(f"evaluate {role}", chosen, len(rows)),
    )
    lines = kept.judged(chosen, rows, answers)
    summary = {
        **kept.about(chosen, len(rows)),
        "role": role,
        "seed": seed,
        "model_digest": (digests or {}).get("model", ""),
        "location": chosen.source.location,
        "seconds": round(time.perf_counter() - started, 3),
        "hardware": hardware(),
    }
    kept.write(predictions, lines, summary)
