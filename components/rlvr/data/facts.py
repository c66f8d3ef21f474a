"""Facts: one line of plain measurements for each row, so that checks judge a small table and never touch pictures.

One streaming pass decodes every picture in full (a truncated JPEG passes a header check) and every video to its first
frame, digests its pixels and asks the task's rewards about the row's own answer. What can only be known of all rows
together (duplicates, contradictions, which components judge accuracy) is filled in at the end.

Example: `{"position": 0, "row_id": "5d1f...", "decodable": True, "min_side_px": 320, "gold_score": 1.0,
"wrong_score": 0.0, "duplicate": False, ...}`
"""

import hashlib
import io
import json
import re
import unicodedata
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, UnidentifiedImageError

from rlvr.data import rows
from rlvr.data.gold import NO_ANSWER, drop, judged_scores
from rlvr.errors import RlvrError
from rlvr.method import Task
from rlvr.rl.video import fault

SCHEMA = pa.schema(
    [
        pa.field("position", pa.int64()),
        pa.field("row_id", pa.string()),
        pa.field("task", pa.string()),
        pa.field("source", pa.string()),
        pa.field("absent", pa.string()),
        pa.field("decodable", pa.bool_()),
        pa.field("pictures", pa.int64()),
        pa.field("width_px", pa.int64()),
        pa.field("height_px", pa.int64()),
        pa.field("min_side_px", pa.int64()),
        pa.field("aspect_ratio", pa.float64()),
        pa.field("pixel_digest", pa.string()),
        pa.field("picture_digests", pa.list_(pa.string())),
        pa.field("question_digest", pa.string()),
        pa.field("prompt_characters", pa.int64()),
        pa.field("prompt_empty", pa.bool_()),
        pa.field("answer_empty", pa.bool_()),
        pa.field("placeholder", pa.string()),
        pa.field("scores", pa.string()),
        pa.field("gold_score", pa.float64()),
        pa.field("wrong_score", pa.float64()),
        pa.field("duplicate", pa.bool_()),
        pa.field("conflicting", pa.bool_()),
        pa.field("error", pa.string()),
    ]
)
"""Arrow schema. Sizes are those of the row's smallest picture, null without one; scores are null where none applies."""

PLACEHOLDER = re.compile(r"<\|[A-Za-z_]+\|>|</?(?:image|img|video|audio)(?:_?(?:pad|\d+))?>|<IMG_CONTEXT>|\[IMG\]")
"""Text that chat templates and processors give a meaning of their own."""

ACCURACY_DROP = 0.5
"""A component judges accuracy when, on some row of the task, a wrong answer costs it at least this much."""

_BATCH = 64


def facts(folder: Path, tasks: Sequence[Task] = ()) -> pa.Table:
    """The facts table of the data set in `folder`; without `tasks` (benchmark rows) no rewards are asked."""
    _check_schema(folder)
    by_name = {task.name: task for task in tasks}
    stream = enumerate(rows.stream(folder, batch=_BATCH))
    answers: list[str] = []
    tables: list[pa.Table] = []
    while batch := list(islice(stream, _BATCH)):
        lines = [_measured(position, row) for position, row in batch]
        if tasks:
            _ask_rewards([row for _, row in batch], lines, by_name, folder)
        answers += [_digest(_normal(row["answer"])) for _, row in batch]
        tables.append(pa.Table.from_pylist(lines, schema=SCHEMA))
    whole = pa.concat_tables(tables) if tables else SCHEMA.empty_table()
    return _with_relations(whole, answers, by_name)


def _check_schema(folder: Path) -> None:
    path = folder / rows.FILE
    if not path.is_file():
        raise RlvrError(f"{folder} holds no {rows.FILE}; it is not a data set made by the ingest stage.")
    there = pq.read_schema(path)
    wrong = [field.name for field in rows.SCHEMA if field.name not in there.names]
    wrong += [field.name for field in rows.SCHEMA if field.name in there.names and there.field(field.name) != field]
    if wrong:
        raise RlvrError(
            f"{path} does not have the schema of rows: {', '.join(wrong)} is missing or of another type. "
            f"Make the file with the ingest stage of this version."
        )


def _measured(position: int, row: rows.Row) -> dict[str, Any]:
    pictures = [_picture(image) for image in row["images"] or []]
    sizes = [size for size, _, _ in pictures if size is not None]
    width, height = min(sizes, key=min) if sizes else (None, None)
    digests = [digest for _, digest, _ in pictures]
    video = [hashlib.sha256(row["video"]).hexdigest()] if row["video"] else []
    video_error = fault(row["video"]) if row["video"] else ""
    placeholder = PLACEHOLDER.search(row["prompt"])
    required = ("row_id", "task", "source", "answer_kind")
    return {
        "position": position,
        "row_id": row["row_id"],
        "task": row["task"],
        "source": row["source"],
        "absent": ", ".join(name for name in required if not row[name]),  # type: ignore[literal-required]
        "decodable": len(sizes) == len(pictures) and not video_error,
        "pictures": len(pictures),
        "width_px": width,
        "height_px": height,
        "min_side_px": min((min(size) for size in sizes), default=None),
        "aspect_ratio": max((max(size) / max(1, min(size)) for size in sizes), default=None),
        "pixel_digest": _digest("|".join(digests + video)),
        "picture_digests": digests,
        "question_digest": _digest(_normal(row["prompt"])),
        "prompt_characters": len(row["prompt"]),
        "prompt_empty": not row["prompt"].strip(),
        "answer_empty": not row["answer"].strip() and row["answer_kind"] != NO_ANSWER,
        "placeholder": placeholder.group() if placeholder else "",
        "error": "; ".join(error for error in [*(error for _, _, error in pictures), video_error] if error),
    }


def _picture(image: bytes) -> tuple[tuple[int, int] | None, str, str]:
    """Size, pixel digest and error text of a picture; the size is None when it cannot be decoded in full."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(image)) as opened:
                opened.load()
                rgb = opened.convert("RGB")
        return rgb.size, hashlib.sha256(repr(rgb.size).encode() + rgb.tobytes()).hexdigest(), ""
    # Decoders of damaged files raise whatever they stumble on: OSError, SyntaxError, struct.error, ...
    except Exception as error:
        # Pillow puts the object's address into this message, which would differ from run to run.
        reason = "not a picture" if isinstance(error, UnidentifiedImageError) else str(error)
        return None, hashlib.sha256(b"undecodable" + image).hexdigest(), f"{type(error).__name__}: {reason}"


def _ask_rewards(batch: list[rows.Row], lines: list[dict[str, Any]], tasks: dict[str, Task], folder: Path) -> None:
    places: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(batch):
        if row["task"] not in tasks:
            raise RlvrError(
                f"Row {row['row_id']} of {folder} belongs to task {row['task']!r}, but the method's tasks are "
                f"{', '.join(tasks)}; verify the rows with the tasks that they were ingested for."
            )
        if row["answer_kind"] != NO_ANSWER:
            places[row["task"]].append(place)
    for name, members in places.items():
        found, errors = judged_scores(tasks[name], [batch[place] for place in members])
        for place, scores, error in zip(members, found, errors, strict=True):
            lines[place]["scores"] = json.dumps(scores, sort_keys=True)
            lines[place]["error"] = "; ".join(filter(None, (lines[place]["error"], error)))


def _with_relations(table: pa.Table, answers: list[str], tasks: dict[str, Task]) -> pa.Table:
    """The table with the columns that need all rows: duplicate, conflicting, gold_score and wrong_score."""
    names = table["task"].to_pylist()
    seen: Counter[tuple[str, str]] = Counter()
    duplicate = []
    for key in zip(names, table["row_id"].to_pylist(), strict=True):
        duplicate.append(seen[key] > 0)
        seen[key] += 1

    questions = list(zip(names, table["pixel_digest"].to_pylist(), table["question_digest"].to_pylist(), strict=True))
    known: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for question, answer in zip(questions, answers, strict=True):
        known[question].add(answer)
    conflicting = [len(known[question]) > 1 for question in questions]

    gold, wrong = _accuracy(names, table["scores"].to_pylist(), tasks)
    filled = {"duplicate": duplicate, "conflicting": conflicting, "gold_score": gold, "wrong_score": wrong}
    for name, values in filled.items():
        field = SCHEMA.field(name)
        table = table.set_column(SCHEMA.get_field_index(name), field, pa.array(values, type=field.type))
    return table


def _accuracy(
    names: list[str], texts: list[str | None], tasks: dict[str, Task]
) -> tuple[list[float | None], list[float | None]]:
    """Best score of the right and of the wrong completion among the components that judge accuracy."""
    scores = [None if text is None else json.loads(text) for text in texts]
    judging: dict[str, set[str]] = defaultdict(set)
    for name, found in zip(names, scores, strict=True):
        judging[name].update(part for part, pair in (found or {}).items() if drop(pair) >= ACCURACY_DROP)
    gold: list[float | None] = []
    wrong: list[float | None] = []
    for name, found in zip(names, scores, strict=True):
        # Where nothing but a judge tells right from wrong, its verdicts cannot be foreseen.
        if found is None or (not judging[name] and any(reward.judge for reward in tasks[name].rewards)):
            gold.append(None)
            wrong.append(None)
            continue
        pairs = [found[part] for part in sorted(judging[name]) if part in found]
        gold.append(max((pair[0] or 0.0 for pair in pairs), default=0.0))
        wrong.append(max((pair[1] or 0.0 for pair in pairs), default=0.0))
    return gold, wrong


def _normal(text: str) -> str:
    """Text without differences of width, case and white space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def in_benchmarks(train: pa.Table, tests: pa.Table) -> Iterator[tuple[str, set[int], int]]:
    """For each benchmark: its name, positions of training rows that it contains, number of pictures in both.

    A row is contained when its pictures and its question both are; the same question on other pictures is no leak
    (counting sets share one question), and a shared picture with another question is only counted.
    """
    keys = list(zip(train["pixel_digest"].to_pylist(), train["question_digest"].to_pylist(), strict=True))
    pictures = {digest for digests in train["picture_digests"].to_pylist() for digest in digests}
    parts: dict[str, tuple[set[tuple[str, str]], set[str]]] = {}
    columns = ("task", "pixel_digest", "question_digest", "picture_digests")
    for name, pixels, question, digests in zip(*(tests[column].to_pylist() for column in columns), strict=True):
        questions, shown = parts.setdefault(name, (set(), set()))
        questions.add((pixels, question))
        shown.update(digests)
    for name, (questions, shown) in sorted(parts.items()):
        yield name, {place for place, key in enumerate(keys) if key in questions}, len(shown & pictures)
