"""What a judge is asked about a rendered room, and how its grades are read.

Five aspects, each 1 to 10 or "unknown", in a fenced block: ```json {"layout_and_furniture": {"grade": 7, "comment":
"..."}, ...} ```. The contribution to the reward is the sum of the five grades, fractions cut off, over 50.
Upstream: PzySeere/MetaSpatial@a3c89c2 verl/utils/reward_score/metaverse.py (gpt-4o, one picture, one evaluation).
"""

import ast
import json
import warnings
from collections.abc import Mapping
from typing import Any

from rlvr.rewards.judge import Question
from rlvr.rewards.layout.scene import RAISED

ASPECTS = (
    "realism_and_3d_geometric_consistency",
    "functionality_and_activity_based_alignment",
    "layout_and_furniture",
    "color_scheme_and_material_choices",
    "overall_aesthetic_and_atmosphere",
)
"""Keys of the judge's reply."""

LONGEST_REPLY = 100_000
"""Characters beyond which a reply is not read."""

Grades = dict[str, float | None]
"""Aspect -> grade; None when it is missing or no number."""


def question(preference: str, picture: bytes) -> Question:
    """The request about one picture (PNG) of a room that a user described as `preference`."""
    form = json.dumps({aspect: {"grade": 8, "comment": "why"} for aspect in ASPECTS}, indent=1)
    text = (
        f"The picture shows a room furnished by a program. The user had asked for: {preference}\n"
        "Grade how well the room meets that in each of the five aspects named below with a whole number from 1 to 10, "
        'or "unknown" where the picture does not tell, and comment each grade in a sentence. '
        f"Reply with JSON of this form:\n```json\n{form}\n```"
    )
    return Question(text=text, pictures=(picture,))


def share(grades: Mapping[str, float | None]) -> float:
    """Sum of the grades, rounded to two places and their fractions cut off, over 50; a missing grade counts 0."""
    return sum(int(round(grade, 2)) for grade in grades.values() if grade is not None) / 50


def sound(reply: str) -> Grades:
    """Grades of a reply: JSON in or outside a fence, whole replies or parts of them, numbers from 1 to 10 only."""
    try:
        found = json.loads(_fenced(reply) or reply) if len(reply) <= LONGEST_REPLY else None
    except RAISED:
        found = None
    return {aspect: _grade(found.get(aspect) if isinstance(found, dict) else None) for aspect in ASPECTS}


def upstream(reply: str) -> Grades:
    """Grades as upstream reads them: escapes are undone before the JSON is read, and any number is a grade.

    An escaped quote or line break in a comment thus empties all five; other damage raises one of `scene.RAISED`
    (`SyntaxError` becomes a `ValueError`).
    """
    body = _fenced(reply)
    try:
        found = json.loads(reply if body is None else _unescaped(body))
    except json.JSONDecodeError:
        found = {}
    grades: Grades = dict.fromkeys(ASPECTS)
    for aspect in ASPECTS:
        if aspect in found and "grade" in found[aspect] and isinstance(found[aspect]["grade"], int | float):
            grades[aspect] = found[aspect]["grade"]
    return grades


def _fenced(reply: str) -> str | None:
    """Content of the first fenced JSON block, stripped."""
    _, opened, rest = reply.partition("```json")
    body, closed, _ = rest.partition("```")
    return body.strip() if opened and closed else None


def _unescaped(body: str) -> Any:
    """The text as the content of a Python string literal in triple quotes."""
    if len(body) > LONGEST_REPLY:
        raise ValueError("the reply is too long")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # unknown escapes
            return ast.literal_eval(f"'''{body}'''")
    except (SyntaxError, MemoryError) as error:
        raise ValueError("the reply is no string literal") from error


def _grade(entry: Any) -> float | None:
    grade = entry.get("grade") if isinstance(entry, dict) else None
    usable = isinstance(grade, int | float) and not isinstance(grade, bool) and 1 <= grade <= 10
    return grade if usable else None
