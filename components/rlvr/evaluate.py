"""The evaluate stage: generate predictions on one benchmark, then score them under both answer rules.

Generation and scoring are separate: predictions are stored, and `score` can be run on them again at any time.
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.canonical import load
from rlvr.data.rows import Row, columns, read
from rlvr.errors import RlvrError
from rlvr.progress import report

PREDICTIONS = pa.schema(
    [
        ("row_id", pa.string()),
        ("completion", pa.string()),
        ("tokens", pa.int32()),
        ("truncated", pa.bool_()),
        ("published", pa.float64()),
        ("strict", pa.float64()),
    ]
)
"""Columns of `predictions.parquet`; a score is null where no answer could be read."""


def evaluate(
    *,
    benchmark: dict[str, Any],
    role: str,
    precision: str,
    batch: int,
    model: Path,
    tests: Path,
    predictions: Path,
    digests: dict[str, str] | None = None,
) -> None:
    """Answer every row of `benchmark` (a `Benchmark` as JSON) with the checkpoint `model`.

    Writes `predictions.parquet` and `evaluation.json` to the folder `predictions`; `role` is `base` or `tuned`,
    `batch` the number of rows generated at a time, `digests` the digests of the inputs, for the record.
    """
    chosen = load(Benchmark, benchmark)
    rows = read(tests, [chosen.name])
    if not rows:
        raise RlvrError(f"The test data set holds no rows of benchmark {chosen.name}; its source yielded none.")
    started = time.perf_counter()
    answers = generate(chosen, rows, model, precision, batch, label=f"evaluate {role}")
    scores = score(chosen, [answer["completion"] for answer in answers], rows)
    predictions.mkdir(parents=True, exist_ok=True)
    table = [answer | parts for answer, parts in zip(answers, scores, strict=True)]
    pq.write_table(pa.Table.from_pylist(table, PREDICTIONS), predictions / "predictions.parquet", compression="zstd")
    summary = {
        "benchmark": chosen.name,
        "role": role,
        "rows": len(rows),
        "model_digest": (digests or {}).get("model", ""),
        "location": chosen.source.location,
        "seconds": round(time.perf_counter() - started, 3),
    }
    (predictions / "evaluation.json").write_text(json.dumps(summary, indent=1, sort_keys=True))


def generate(
    benchmark: Benchmark, rows: Sequence[Row], model: Path, precision: str, batch: int, label: str
) -> list[dict[str, Any]]:
    """One completion a row: row_id, completion, tokens, truncated; rows of similar prompts need not be neighbours."""
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
    answers: list[dict[str, Any]] = []
    for start in range(0, len(rows), batch):
        part = rows[start : start + batch]
        groups = rollout.generate([encoder.prompt(row) for row in part], 1, benchmark.sampling)
        for row, (completion,) in zip(part, groups, strict=True):
            answers.append(
                {
                    "row_id": row["row_id"],
                    "completion": benchmark.prompt.prefill + encoder.decode(completion.ids.tolist()),
                    "tokens": len(completion.ids),
                    "truncated": completion.truncated,
                }
            )
        report(label, len(answers), len(rows), benchmark=benchmark.name)
    return answers


def score(benchmark: Benchmark, completions: Sequence[str], rows: Sequence[Row]) -> list[dict[str, float | None]]:
    """Both rules' scores a completion, `{"published": ..., "strict": ...}`; None where no answer could be read.

    Completions begin with the prompt's prefill, as they stand in `predictions.parquet`.
    """
    table = columns(rows)
    published = benchmark.published_rule(list(completions), **table)
    strict = benchmark.strict_rule(list(completions), **table)
    return [{"published": first, "strict": second} for first, second in zip(published, strict, strict=True)]
