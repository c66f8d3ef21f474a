"""A small verification with something of everything: a leak, near copies, failing rows, and text that means harm."""

import hashlib
import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from rlvr.data.contamination import compare, near_duplicates, told, told_overlap
from rlvr.data.perceptual_hash import perceptual_hash
from rlvr.datasets import scenes

HOSTILE = '<script>alert("x")</script><img src=http://evil.example/x.png onerror=alert(1)> {{ 7*7 }} \x00\u202e'
QUESTIONS = ("How many items are there?", "How many are red?")
DAMAGED = 21


def scene(seed: int) -> Image.Image:
    drawn = Image.open(io.BytesIO(scenes.draw(3 + seed % 6, random.Random(seed)))).convert("RGB")
    return drawn.resize((480 - 16 * (seed % 4), 320))


def encoded(picture: Image.Image, form: str = "PNG", **settings: int) -> bytes:
    written = io.BytesIO()
    picture.save(written, form, **settings)
    return written.getvalue()


def halved(seed: int) -> bytes:
    picture = scene(seed)
    return encoded(picture.resize((picture.width // 2, 160)), "JPEG", quality=50)


def make_verification(root: Path) -> dict[str, Any]:
    """Arguments of `verification_page.build` but `out`: verdict, facts.parquet under `root`, pictures."""
    train = [encoded(scene(seed)) for seed in range(40)] + [halved(3), halved(12)]
    test = [encoded(scene(seed)) for seed in range(100, 112)] + [encoded(scene(5)), halved(8), encoded(scene(9))]
    lines = {
        "train": [_line(place, picture, QUESTIONS[0], "counting") for place, picture in enumerate(train)],
        "test": [_line(place, picture, QUESTIONS[place == 14], "superclevr_200") for place, picture in enumerate(test)],
    }
    lines["train"][DAMAGED] |= {"error": f"OSError: {HOSTILE}", "decodable": False, "min_side_px": None}
    facts = {part: pa.Table.from_pylist(rows, schema=_SCHEMA) for part, rows in lines.items()}
    path = root / "facts.parquet"
    pq.write_table(
        pa.concat_tables(
            table.append_column("part", pa.array([part] * table.num_rows)) for part, table in facts.items()
        ),
        path,
    )
    parts = {"train": train, "test": test}

    def picture(part: str, position: int, index: int) -> bytes:
        return parts[part][position]

    overlaps = compare(facts["train"], facts["test"], picture)
    near = near_duplicates(facts["train"], picture)
    return {"verdict": _verdict(facts["train"], overlaps, near), "facts": path, "pictures": picture}


_SCHEMA = pa.schema(
    [
        *((name, pa.int64()) for name in ("position", "width_px", "height_px", "min_side_px")),
        *((name, pa.int64()) for name in ("prompt_tokens", "prompt_characters")),
        *((name, pa.string()) for name in ("row_id", "task", "pixel_digest", "question_digest", "answer_key", "error")),
        ("decodable", pa.bool_()),
        ("picture_digests", pa.list_(pa.string())),
        ("picture_hashes", pa.list_(pa.uint64())),
    ]
)


def _line(position: int, picture: bytes, question: str, task: str) -> dict[str, Any]:
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    digest = hashlib.sha256(image.tobytes()).hexdigest()
    return {
        "position": position,
        "row_id": hashlib.sha256(f"{task} {position}".encode()).hexdigest()[:16],
        "task": task,
        "width_px": image.width,
        "height_px": image.height,
        "min_side_px": min(image.size),
        "prompt_tokens": 40 + image.width * image.height // 784,
        "prompt_characters": len(question) + position % 9,
        "pixel_digest": digest,
        "picture_digests": [digest],
        "picture_hashes": [perceptual_hash(image)],
        "question_digest": hashlib.sha256(question.encode()).hexdigest(),
        "answer_key": HOSTILE if position % 7 == 6 else str(3 + position % 6),
        "error": "",
        "decodable": True,
    }


def _verdict(train: pa.Table, overlaps: list[Any], near: Any) -> dict[str, Any]:
    ids = train["row_id"].to_pylist()
    leaked = sorted({position for overlap in overlaps for position in overlap.leaked})
    check: Callable[..., dict[str, Any]] = lambda name, title, severity, column, failing, about="rows", judged=42: {  # noqa: E731
        "name": name,
        "title": title,
        "severity": severity,
        "failed": len(failing),
        "row_ids": failing,
        "why": "what fails it cannot be learnt from",
        "about": about,
        "judged": judged,
        "column": column,
    }
    repeated = [pair.row_id for pair in near.pairs]
    return {
        "passed": False,
        "problem": f"The verify gate quarantined 3 of 42 rows (7.1 %, allowed: 5 %): decodable fails for 1. {HOSTILE}",
        "rows_in": 42,
        "rows_out": 39,
        "test_rows": 15,
        "checks": [
            check("min_side", "Every picture is at least 28 px wide and high", "critical", "min_side_px", []),
            check("aspect_ratio", "No picture is more than 200 times as long as wide", "critical", "aspect_ratio", []),
            check("no_near_copy", "No row repeats another with a re-encoded picture", "warning", "near_copy", repeated),
            check("in_benchmark", "No row is part of a benchmark", "critical", None, [ids[place] for place in leaked]),
            check("decodable", "Every picture decodes in full", "critical", "decodable", [ids[DAMAGED]]),
            check("balance", "No answer is far commoner than others", "warning", "ratio", [HOSTILE], "sets", 1),
            check("licence", "Every source has a licence", "info", "licence_id", ["superclevr_200"], "sources", 2),
        ],
        "sources": [
            {
                "name": "clevr_cogent_a_train",
                "title": "CLEVR-70k-Counting",
                "task": "counting",
                "location": "hub",
                "licence": HOSTILE,
                "revision": "0123456789abcdef0123456789abcdef01234567",
                "rows": 42,
                "skipped": 2,
                "published_rows": 70_000,
                "files": [
                    {"path": "a.parquet", "sha256": "00", "published": "00", "as_published": True},
                    {"path": "b.parquet", "sha256": "01", "published": None, "as_published": None},
                ],
            },
            {
                "name": "superclevr_200",
                "title": "SuperCLEVR-200",
                "task": "superclevr_200",
                "location": "synthetic",
                "licence": "",
                "revision": None,
                "rows": 15,
                "published_rows": None,
            },
        ],
        "overlap": [told_overlap(overlap) for overlap in overlaps],
        "near_duplicates": {"rows": len(near.pairs), "pairs": told(near.pairs)},
    }
