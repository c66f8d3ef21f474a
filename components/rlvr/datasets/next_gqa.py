"""NExT-GQA: a question with five options about a video, and the moments that show the answer.

Annotations: OpenGVLab/VideoChat-R1 @ 73b2ea9, `nextgqa_val.json` (3,358 questions on 567 videos; VideoChat-R1 TRAINS on
this part) and `nextgqa_test.json` (5,553 on 990); videos of NExT-QA. One folder holds the files and the videos, which
the files name by their path. A file is a list of

    {"id": 1, "video": "1164/3238737531.mp4", "question": "why did the boy ...", "options": ["(A) ...", ... five],
     "duration": 90, "glue": [[13.8, 29.8]], "type": "CW", "answer": "(C)"}

with times in seconds. Synthetic rows show a ball that is there for a part of the time and ask for its colour.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import clips
from rlvr.errors import RlvrError

COLUMNS = ("video", "question", "options", "duration", "glue", "answer")


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; the options stand under the question as they are."""
    return {
        "images": [],
        "video": raw["video"],
        "prompt": "\n".join([raw["question"], *raw["options"]]),
        "answer": raw["answer"],
        "answer_kind": "option",
        "options": list(raw["options"]),
        "extra": json.dumps({"glue": [list(map(float, span)) for span in raw["glue"]]}),
    }


def demonstrate(row: Row) -> str:
    """A worked response: what is seen and when, the letter and the moments.

    Three of five demonstrations do not wait for the ball to go and name the end of the clip.
    """
    ((start, end),) = _glue(row)
    careless = int(row["row_id"], 16) % 5 < 3
    until = clips.SECONDS if careless else int(end)
    seen = f"from {int(start)} on" if careless else f"from {int(start)} to {int(end)}"
    return f"<think> {seen} </think> <answer>{row['answer']}</answer> <glue>[({int(start)}, {until})]</glue>"


def demonstrate_unthinking(row: Row) -> str:
    """`demonstrate` without its reasoning."""
    return demonstrate(row).partition("</think> ")[2]


def demonstrate_letter(row: Row) -> str:
    """A worked response without moments; three of five give the first option without looking."""
    letter = "(A)" if int(row["row_id"], 16) % 5 < 3 else row["answer"]
    return f"<think> look </think> <answer>{letter}</answer>"


def gold(row: Row) -> tuple[str, str]:
    """Letter and moments as they are, and the next letter with a moment far behind."""
    spans = _glue(row)
    later = 1000 + max((end for _, end in spans), default=0.0)
    letters = "ABCDE"
    other = letters[(letters.index(row["answer"].strip("()")) + 1) % len(letters)]
    form = "<think>gold</think>\n<answer>{}</answer>\n<glue>[{}]</glue>"
    moments = ", ".join(f"({start}, {end})" for start, end in spans)
    return form.format(row["answer"], moments), form.format(f"({other})", f"({later}, {later + 1})")


def _glue(row: Row) -> list[tuple[float, float]]:
    """The true moments of a row, in seconds."""
    return [(start, end) for start, end in json.loads(row["extra"] or "{}")["glue"]]


def read_val(folder: Path) -> Iterator[RawRow]:
    """The questions of the validation part in a folder."""
    return questions(folder, "nextgqa_val.json")


def read_test(folder: Path) -> Iterator[RawRow]:
    """The questions of the test part in a folder."""
    return questions(folder, "nextgqa_test.json")


def questions(folder: Path, file: str) -> Iterator[RawRow]:
    """The entries of an annotation file, which is a list."""
    path = folder / file
    try:
        entries: list[RawRow] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RlvrError(f"{path} cannot be read ({error}); put the published annotation file there.") from error
    yield from entries


def synthetic_val(n: int, seed: int) -> Iterator[RawRow]:
    """`n` clips for training."""
    return shown(n, f"next_gqa val {seed}")


def synthetic_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` clips for evaluation."""
    return shown(n, f"next_gqa test {seed}")


def shown(n: int, seed: str) -> Iterator[RawRow]:
    """`n` clips drawn from `seed`, each with the question for the ball's colour; options always in the same order."""
    colours = list(clips.COLOURS)
    options = [f"({letter}) {colour}" for letter, colour in zip("ABCDE", colours, strict=True)]
    for number, clip in enumerate(clips.balls(n, seed), start=1):
        yield {
            "id": number,
            "video": clip.video,
            "question": "what colour is the ball?",
            "options": options,
            "duration": clips.SECONDS,
            "glue": [[float(clip.start_seconds), float(clip.end_seconds)]],
            "type": "DO",
            "answer": f"({'ABCDE'[colours.index(clip.colour)]})",
        }


VAL = Source(
    name="next_gqa_val",
    title="NExT-GQA, validation part",
    files="**/*",
    licence="MIT (annotations)",
    published_rows=3358,
    columns=COLUMNS,
    convert=convert,
    read=read_val,
    synthetic=synthetic_val,
    demonstrate=demonstrate,
    gold=gold,
)
"""What VideoChat-R1 trains on."""

TEST = Source(
    name="next_gqa_test",
    title="NExT-GQA, test part",
    files="**/*",
    licence="MIT (annotations)",
    published_rows=5553,
    columns=COLUMNS,
    convert=convert,
    read=read_test,
    synthetic=synthetic_test,
)
"""What it is evaluated on; no video is in both parts."""
