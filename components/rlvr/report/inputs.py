"""Reading what the earlier stages left: evaluations, training records and the verdict, each checked on the way in.

evaluation.json  {"benchmark": "superclevr_200", "role": "tuned", "model_digest": "9f...", "rows": 200, ...}
predictions.parquet  row_id, completion, tokens, truncated, published, strict
stage.json  {"name": "grpo", "kind": "Grpo", "steps": 100, "seconds": 1830.0, ...}
metrics.jsonl  {"step": 1, "reward": 0.41, "rewards": {"digits.correctness": 0.31}, "kl": 0.0, ...}
"""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.errors import RlvrError
from rlvr.scoring.design import COLUMNS, PLAIN, Design, read_design

ROLES = ("base", "tuned")
"""Whom an evaluation may be of: the model that training started from, or the one it ended with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """One model's predictions on one benchmark."""

    benchmark: str
    """Name of the benchmark."""
    role: str
    """`base` or `tuned`."""
    model_digest: str
    """Digest of the model that answered."""
    seconds: float | None
    """Wall time of the evaluation."""
    hardware: str | None
    """What it ran on, e.g. `1 x NVIDIA H100`; None when it was not recorded."""
    location: str
    """Where the benchmark's rows came from."""
    row_ids: Sequence[str]
    """Row of each prediction."""
    completions: Sequence[str]
    """Reply to each row."""
    tokens: int
    """Tokens of all replies."""
    truncated: int
    """Replies cut at the token limit."""
    scores: dict[str, list[float | None]]
    """Rule (`published`, `strict`) -> one score a reply, None where no answer could be read."""
    design: Design = PLAIN
    """How the replies are arranged and averaged."""

    @property
    def keys(self) -> list[tuple[str, int]]:
        """Row and how many times it stood before: what predictions of two models are paired by."""
        seen: Counter[str] = Counter()
        keys = []
        for row_id in self.row_ids:
            keys.append((row_id, seen[row_id]))
            seen[row_id] += 1
        return keys


@dataclass(frozen=True, kw_only=True, slots=True)
class Training:
    """What one training stage recorded."""

    stage: dict[str, Any]
    """Contents of stage.json."""
    steps: list[dict[str, Any]]
    """Lines of metrics.jsonl in the order of their steps; a step that ran twice counts once, as it ran last."""
    rollouts: Path | None
    """The stage's rollouts.parquet, if any."""


def read_json(path: Path, keys: Sequence[str]) -> dict[str, Any]:
    """A JSON object that holds at least `keys`."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RlvrError(f"The report needs {path}, which is not there; run the stage that writes it first.") from error
    except (ValueError, RecursionError) as error:
        raise RlvrError(f"{path} is not JSON ({error}); run the stage that writes it again.") from error
    if not isinstance(data, dict) or (missing := [key for key in keys if key not in data]):
        lacking = "an object" if not isinstance(data, dict) else ", ".join(missing)
        raise RlvrError(f"{path} lacks {lacking}; the report needs {', '.join(keys)}.")
    return data


def read_verdict(folder: Path) -> dict[str, Any]:
    """The verify stage's verdict."""
    path = folder / "verdict.json"
    verdict = read_json(path, ["passed", "rows_in", "rows_out", "test_rows", "checks", "sources", "overlap"])
    for part, keys in (
        ("checks", ["name", "title", "severity", "failed", "row_ids", "why"]),
        ("sources", ["name", "location", "licence", "revision", "rows", "published_rows"]),
        ("overlap", ["benchmark", "rows", "shared_pictures"]),
    ):
        for index, entry in enumerate(verdict[part]):
            if missing := [key for key in keys if key not in entry]:
                raise RlvrError(f"{path}: {part}[{index}] lacks {', '.join(missing)}; run the verify stage again.")
    return verdict


def read_evaluation(folder: Path) -> Evaluation:
    """One evaluation folder."""
    about = read_json(folder / "evaluation.json", ["benchmark", "role", "model_digest", "rows"])
    if about["role"] not in ROLES:
        raise RlvrError(f"{folder / 'evaluation.json'}: role is {about['role']!r}; expected one of {', '.join(ROLES)}.")
    path = folder / "predictions.parquet"
    names = ["row_id", "completion", "tokens", "truncated", "published", "strict"]
    table = read_table(path, names, optional=COLUMNS)
    columns = table.to_pydict()
    announced = about["rows"] * about.get("samples", 1)
    if len(columns["row_id"]) != announced or not announced:
        raise RlvrError(
            f"{path} holds {len(columns['row_id'])} predictions where evaluation.json announces {announced}, and a"
            " score needs at least one; run the evaluation again."
        )
    return Evaluation(
        benchmark=about["benchmark"],
        role=about["role"],
        model_digest=about["model_digest"],
        seconds=about.get("seconds"),
        hardware=about.get("hardware"),
        location=about.get("location") or "",
        row_ids=columns["row_id"],
        completions=columns["completion"],
        tokens=sum(columns["tokens"]),
        truncated=sum(columns["truncated"]),
        scores={rule: _scores(path, rule, columns) for rule in ("published", "strict")},
        design=read_design(about, table, str(folder)),
    )


def read_evaluations(folders: Sequence[Path], known: Sequence[str]) -> dict[str, dict[str, Evaluation]]:
    """Benchmark -> role -> evaluation, in the method's order of benchmarks; each once, one model a role."""
    found: dict[str, dict[str, Evaluation]] = {name: {} for name in known}
    digests: dict[str, str] = {}
    for folder in folders:
        evaluation = read_evaluation(folder)
        name, role = evaluation.benchmark, evaluation.role
        if name not in found:
            raise RlvrError(f"{folder}: the method has no benchmark {name!r}; it has {', '.join(known)}.")
        if role in found[name]:
            raise RlvrError(f"{folder}: benchmark {name} was already given for the {role} model; pass each one once.")
        if digests.setdefault(role, evaluation.model_digest) != evaluation.model_digest:
            raise RlvrError(
                f"{folder}: the {role} model is {evaluation.model_digest}, elsewhere {digests[role]}; one report speaks"
                f" of one {role} model, so evaluate all benchmarks with the same one."
            )
        found[name][role] = evaluation
    found = {name: {role: roles[role] for role in ROLES if role in roles} for name, roles in found.items() if roles}
    if not found:
        raise RlvrError("The report was given no evaluation; evaluate the base and the tuned model first.")
    return found


def read_training(folder: Path | None, names: Sequence[str]) -> list[Training]:
    """The stages that left records, in the method's order; stages without a folder are left out."""
    if folder is None:
        return []
    return [_read_stage(folder / name) for name in names if (folder / name).is_dir()]


def read_table(path: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> pa.Table:
    """The named columns of a parquet file, and those of `optional` that it has."""
    if not path.is_file():
        raise RlvrError(f"The report needs {path}, which is not there; run the stage that writes it first.")
    try:
        with pq.ParquetFile(path) as file:
            if missing := [name for name in columns if name not in file.schema_arrow.names]:
                raise RlvrError(f"{path} lacks the columns {', '.join(missing)}; it has {file.schema_arrow.names}.")
            there = [name for name in optional if name in file.schema_arrow.names]
            return file.read(columns=[*columns, *there])
    except pa.ArrowInvalid as error:
        raise RlvrError(f"{path} is not a parquet file ({error}); run the stage that writes it again.") from error


def _scores(path: Path, rule: str, columns: dict[str, list[Any]]) -> list[float | None]:
    scores: list[float | None] = []
    for row_id, value in zip(columns["row_id"], columns[rule], strict=True):
        if value is not None and not 0 <= value <= 1:
            raise RlvrError(f"{path}: row {row_id} has {rule} = {value}; a score lies in [0, 1] or is null.")
        scores.append(None if value is None else float(value))
    return scores


def _read_stage(folder: Path) -> Training:
    stage = {"steps": None, "seconds": None, "response_tokens": None, "peak_memory_bytes": None, "hardware": None}
    stage |= read_json(folder / "stage.json", ["name", "kind"])
    path = folder / "metrics.jsonl"
    steps: dict[int, dict[str, Any]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path.is_file() else [], start=1):
        try:
            entry = json.loads(line)
            steps[int(entry["step"])] = entry
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise RlvrError(
                f"{path}, line {number}: expected a JSON object with a `step`, got {line[:80]!r}; run it again."
            ) from error
    rollouts = folder / "rollouts.parquet"
    return Training(
        stage=stage,
        steps=[steps[step] for step in sorted(steps)],
        rollouts=rollouts if rollouts.is_file() else None,
    )


def finite(value: object) -> float | None:
    """`value` as a float if it is a finite number, else None."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
