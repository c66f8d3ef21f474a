"""`rlvr evaluate`: one checkpoint on one benchmark, outside of any pipeline.

The folder `out` receives `rows/` (the benchmark's rows), `predictions.parquet`, `evaluation.json` and `metrics.json`.
While it generates, parts are kept in `out/unfinished`; the same command goes on from them. Parts are found by the
digest of model, rows and settings, so that parts of another evaluation are never taken for this one's.
"""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.canonical import digest, plain
from rlvr.checkpoints import Checkpoints
from rlvr.data.ingest import ingest
from rlvr.data.rows import stream
from rlvr.errors import RlvrError
from rlvr.evaluate import evaluate
from rlvr.report.published import is_synthetic
from rlvr.store import FileEntry, manifest_of, open_store
from rlvr.store.tree import sha256_of
from rlvr_pipelines.score_predictions import score_file, summary

PRECISIONS = ("float32", "bfloat16", "float16")
"""In which a checkpoint may be loaded."""


def with_settings(
    benchmark: Benchmark,
    *,
    data: str = "",
    limit: int | None = None,
    samples: int = 1,
    temperature: float | None = None,
) -> Benchmark:
    """`benchmark` on other rows, or with several samples a row."""
    if limit is not None and limit < 1:
        raise RlvrError(f"--limit is {limit}; take at least one row, or leave it out for all.")
    if temperature is not None and not 0 <= temperature <= 10:
        raise RlvrError(f"--temperature is {temperature}; give a number from 0 (greedy) to 10.")
    source = replace(benchmark.source, location=data or benchmark.source.location, limit=limit)
    if source.location == "synthetic" and limit is None:
        raise RlvrError("Synthetic rows never end; say how many with --limit.")
    sampling = benchmark.sampling
    if temperature is not None:
        sampling = replace(sampling, temperature=temperature)
    return replace(benchmark, source=source, samples=samples, sampling=sampling)


def departures(asked: Benchmark, used: Benchmark) -> list[str]:
    """Why numbers printed for `asked` cannot be compared with those of `used`."""
    reasons = []
    if is_synthetic(used.source.location):
        reasons.append("synthetic rows stand in for the published ones")
    elif used.source.limit is not None:
        reasons.append(f"the first {used.source.limit} rows")
    if used.sampling != asked.sampling:
        reasons.append(f"temperature {used.sampling.temperature:g} instead of {asked.sampling.temperature:g}")
    if used.samples != asked.samples:
        reasons.append(f"{used.samples} samples a row instead of {asked.samples}")
    return reasons


def evaluate_model(
    benchmark: Benchmark,
    model: Path,
    out: Path,
    *,
    precision: str,
    batch: int,
    seed: int,
    progress: Callable[[int, int], None] = lambda done, wanted: None,
    reasons: Sequence[str] = (),
) -> dict[str, Any]:
    """Generate and score; returns what `metrics.json` then holds. `progress` gets rows done and rows wanted.

    `reasons` say why numbers printed elsewhere are not comparable.
    """
    precision = precision or stored_precision(model)
    if precision not in PRECISIONS:
        raise RlvrError(f"--precision {precision!r} is none of {', '.join(PRECISIONS)}; name one of them.")
    ingest(sources=[{"task": benchmark.name, "source": plain(benchmark.source)}], seed=0, out=out / "rows")
    identity = {
        "benchmark": _without_printed(benchmark),
        "model": model_digest(model),
        "rows": manifest_of(out / "rows").digest,
        "precision": precision,
        "seed": seed,
    }
    wanted = sum(1 for _ in stream(out / "rows"))
    unfinished = out / "unfinished"
    checkpoints = Checkpoints(open_store(str(unfinished.resolve())), digest(identity))
    evaluate(
        benchmark=plain(benchmark),
        role="base",
        precision=precision,
        batch=batch,
        model=model,
        tests=out / "rows",
        predictions=out,
        seed=seed,
        digests={"model": str(identity["model"])},
        checkpoints=checkpoints,
        progress=lambda done: progress(done, wanted),
    )
    scored = score_file(benchmark, out / "predictions.parquet")
    found = summary(benchmark, scored, reasons=reasons)
    found |= {"model": str(model), "model_digest": identity["model"], "precision": precision, "seed": seed}
    (out / "metrics.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    _discard(unfinished)
    return found


def stored_precision(model: Path) -> str:
    """The precision that a checkpoint's weights are stored in, as its config.json says; float32 where it does not."""
    try:
        config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RlvrError(
            f"{model} is no checkpoint folder (config.json cannot be read: {error}); give a folder in transformers' "
            f"format, such as a training stage's model."
        ) from error
    nested = config.get("text_config") or {}
    return str(config.get("dtype") or config.get("torch_dtype") or nested.get("dtype") or "float32")


def model_digest(model: Path) -> str:
    """The digest that the artifact store would give the folder; links, as the Hub's cache has them, are followed."""
    files = sorted(path for path in model.rglob("*") if path.is_file())
    return digest(
        {
            path.relative_to(model).as_posix(): FileEntry(sha256=sha256_of(path), size=path.stat().st_size)
            for path in files
        }
    )


def _without_printed(benchmark: Benchmark) -> Any:
    """What generation depends on: everything but the numbers printed elsewhere."""
    return plain(replace(benchmark, published=()))


def _discard(folder: Path) -> None:
    """Remove the parts; a store's artifacts are read-only."""
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)
