"""The facts of single rows: everything that can be measured without looking at other rows."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

from rlvr.data.answer_bounds import box_facts, span_facts
from rlvr.data.gold import NO_ANSWER, judged_scores, largest_drop
from rlvr.data.option_facts import option_facts
from rlvr.data.parsed_answer import parsed_answer
from rlvr.data.picture_facts import PictureFacts, pictures_facts
from rlvr.data.prompt_tokens import CountTokens, PromptLimit, token_facts
from rlvr.data.question_text import control_characters, mixed_scripts, mojibake, normal, placeholders
from rlvr.data.rows import Row
from rlvr.errors import RlvrError
from rlvr.method import Task
from rlvr.rl.video import fault

REQUIRED = ("row_id", "task", "source", "answer_kind")
"""Fields that may not be empty."""

MAX_ANSWER_CHARACTERS = 65_536
"""Longest answer that rewards are asked about, the limit of symbolic comparison; a longer one counts as unreadable."""

KEY_CHARACTERS = 64
"""Length of an answer's key; longer answers are cut and told apart by the beginning of their digest."""


Measure = Callable[[Row, Sequence[PictureFacts]], dict[str, Any]]
"""The facts of one row, whose pictures are measured already, but for its scores."""


def measured(rows: Sequence[Row], tasks: Mapping[str, Task], measure: Measure, where: str) -> list[dict[str, Any]]:
    """Facts of some rows; without `tasks` no rewards are asked. `where` is what errors call the data set.

    All pictures come first: a picture drives everything else out of the processor's caches, and rows measured one
    after another take a quarter of the time of rows measured between pictures.
    """
    pictures = iter(pictures_facts([image for row in rows for image in row["images"] or []]))
    lines = [measure(row, list(islice(pictures, len(row["images"] or [])))) for row in rows]
    if tasks:
        _ask_rewards(rows, lines, tasks, where)
    return lines


def row_facts(
    row: Row,
    pictures: Sequence[PictureFacts],
    prompt_of: Mapping[str, Task],
    limits: Mapping[str, PromptLimit],
    count: CountTokens,
) -> dict[str, Any]:
    """The facts of one row but for its scores; `pictures` are those of its pictures, in order."""
    sizes = [picture.size_px for picture in pictures if picture.size_px is not None]
    width, height = min(sizes, key=min) if sizes else (None, None)
    digests = [picture.pixel_digest for picture in pictures]
    video = row.get("video")
    video_digests = [hashlib.sha256(video).hexdigest()] if video else []
    video_error = fault(video) if video else ""
    first_size = pictures[0].size_px if pictures and not video else None
    task = prompt_of.get(row["task"])
    found = placeholders(row["prompt"])
    key = normal(row["answer"])
    return {
        "row_id": row["row_id"],
        "task": row["task"],
        "source": row["source"],
        "absent": ", ".join(name for name in REQUIRED if not row[name]),  # type: ignore[literal-required]
        "decodable": len(sizes) == len(pictures) and not video_error,
        "pictures": len(pictures),
        "file_bytes": sum(map(len, row["images"] or [])) + len(video or b""),
        "file_digests": [picture.file_digest for picture in pictures] + video_digests,
        "width_px": width,
        "height_px": height,
        "min_side_px": min((min(size) for size in sizes), default=None),
        "aspect_ratio": max((max(size) / max(1, min(size)) for size in sizes), default=None),
        "pixel_digest": text_digest("|".join(digests + video_digests)),
        "picture_digests": digests,
        "picture_hashes": [picture.hash for picture in pictures],
        "question_digest": text_digest(normal(row["prompt"])),
        "prompt_characters": len(row["prompt"]),
        "prompt_empty": not row["prompt"].strip(),
        **token_facts(
            row["prompt"],
            sizes,
            complete=len(sizes) == len(pictures),
            video=video,
            prompt=task.prompt if task else None,
            limit=limits.get(row["task"]) or PromptLimit(task=row["task"]),
            count=count,
        ),
        "placeholder": found[0] if found else "",
        "placeholders": len(found),
        "mojibake": mojibake(row["prompt"], row["answer"]),
        "control_characters": control_characters(row["prompt"], row["answer"]),
        "mixed_scripts": mixed_scripts(row["prompt"], row["answer"]),
        "answer_kind": row["answer_kind"],
        "answer_empty": not row["answer"].strip() and row["answer_kind"] != NO_ANSWER,
        "answer_characters": len(row["answer"]),
        "answer_digest": text_digest(key),
        "answer_key": key if len(key) <= KEY_CHARACTERS else f"{key[: KEY_CHARACTERS - 9]}…{text_digest(key)[:8]}",
        **box_facts(row, first_size),
        **span_facts(row),
        **option_facts(row),
        "error": "; ".join(error for error in [*(picture.error for picture in pictures), video_error] if error),
    }


def text_digest(text: str) -> str:
    """SHA-256 of a text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _ask_rewards(rows: Sequence[Row], lines: list[dict[str, Any]], tasks: Mapping[str, Task], where: str) -> None:
    places: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        if row["task"] not in tasks:
            raise RlvrError(
                f"Row {row['row_id']} of {where} belongs to task {row['task']!r}, but the method's tasks are "
                f"{', '.join(tasks)}; verify the rows with the tasks that they were ingested for."
            )
        if len(row["answer"]) > MAX_ANSWER_CHARACTERS:
            error = f"an answer of {len(row['answer'])} characters is not asked about ({MAX_ANSWER_CHARACTERS} allowed)"
            lines[place] |= {"scores": "{}", "error": _joined(lines[place]["error"], error)}
        elif row["answer_kind"] != NO_ANSWER:
            places[row["task"]].append(place)
    for name, members in places.items():
        task = tasks[name]
        found, errors, completions = judged_scores(task, [rows[place] for place in members])
        for place, scores, error, completion in zip(members, found, errors, completions, strict=True):
            line = lines[place]
            line["scores"] = json.dumps(scores, sort_keys=True)
            line["parsed_answer"] = parsed_answer(task, completion, rows[place], largest_drop(scores) > 0)
            line["error"] = _joined(line["error"], error)


def _joined(*errors: str) -> str:
    return "; ".join(filter(None, errors))
