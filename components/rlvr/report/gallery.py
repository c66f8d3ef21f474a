"""Rows to look at: picture, question, expected answer and both models' replies.

The rows are the first ones by `row_id`, which is a hash: a fixed choice that nobody picked. After them come the worst
regressions, rows that the base model had right and the tuned model has wrong.
"""

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rlvr.data.open_picture import open_picture
from rlvr.data.rows import Row
from rlvr.report.inputs import Evaluation
from rlvr.report.rows_by_id import rows_by_id
from rlvr.rl.video import stills

SIDE_PX = 160
"""Longest side of a thumbnail."""
PICTURES = 3
"""Pictures of a row that are shown, or frames of its video."""


def gallery(tests: Path, name: str, roles: dict[str, Evaluation], fixed: int = 8, worst: int = 4) -> dict[str, Any]:
    """Cards of one benchmark: `fixed` rows by row_id and at most `worst` regressions among the others."""
    replies = {role: _replies(evaluation) for role, evaluation in roles.items()}
    first = sorted(next(iter(replies.values())))[:fixed]
    lost = _regressions(replies)
    more = [row_id for row_id in lost if row_id not in first][:worst]
    rows = {row["row_id"]: row for row in rows_by_id(tests, {*first, *more}) if row["task"] == name}
    return {
        "fixed": [_card(row_id, rows.get(row_id), replies) for row_id in first],
        "worst": [_card(row_id, rows.get(row_id), replies) for row_id in more],
        "regressions": len(lost),
    }


def thumbnail(picture: bytes) -> dict[str, Any] | None:
    """A picture as a PNG data address with its size; None where it cannot be decoded."""
    try:
        with open_picture(picture) as opened:
            small = opened.convert("RGB")
    except Exception:  # decoders raise nearly anything on damaged bytes
        return None
    small.thumbnail((SIDE_PX, SIDE_PX))
    written = io.BytesIO()
    small.save(written, "PNG", optimize=True)
    return {
        "address": "data:image/png;base64," + base64.b64encode(written.getvalue()).decode(),
        "width": small.width,
        "height": small.height,
    }


def _replies(evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    """Row -> the first reply to it."""
    replies: dict[str, dict[str, Any]] = {}
    for row_id, completion, score in zip(
        evaluation.row_ids, evaluation.completions, evaluation.scores["published"], strict=True
    ):
        replies.setdefault(row_id, {"text": completion, "score": score, **_mark(score)})
    return replies


def _mark(score: float | None) -> dict[str, str]:
    if score is None:
        return {"sign": "✗", "mark": "no answer read", "tone": "wrong"}
    if score in (0.0, 1.0):
        sign, word = ("✓", "right") if score else ("✗", "wrong")
        return {"sign": sign, "mark": word, "tone": word}
    return {"sign": "≈", "mark": f"score {score:.2f}", "tone": "partly"}


def _regressions(replies: dict[str, dict[str, dict[str, Any]]]) -> list[str]:
    """Rows right before and wrong after, the largest fall first."""
    if len(replies) < 2:
        return []
    falls = []
    for row_id, reply in replies["base"].items():
        before, after = reply["score"] or 0.0, replies["tuned"][row_id]["score"] or 0.0
        if before >= 0.5 > after:
            falls.append((after - before, row_id))
    return [row_id for _, row_id in sorted(falls)]


def media(row: Row | None) -> dict[str, Any]:
    """Question, answer and thumbnails of a row; empty ones where the row is not there."""
    images: Sequence[bytes] = (row.get("images") or []) if row else []
    video = row.get("video") if row else None
    if video and not images:
        images = stills(video, PICTURES)
    return {
        "question": row["prompt"] if row else "",
        "answer": row["answer"] if row else "",
        "pictures": [thumbnail(image) for image in images[:PICTURES]],
        "more_pictures": max(0, len(images) - PICTURES),
        "video": bool(video),
    }


def _card(row_id: str, row: Row | None, replies: dict[str, dict[str, dict[str, Any]]]) -> dict[str, Any]:
    return {
        "row_id": row_id,
        "found": row is not None,
        **media(row),
        "replies": {role: replies[role][row_id] for role in ("base", "tuned") if role in replies},
    }
