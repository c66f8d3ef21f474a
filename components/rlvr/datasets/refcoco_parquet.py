"""RefCOCO, RefCOCO+ and RefCOCOg as lmms-lab packs them: the test parts, which VLM-R1's files leave out.

Hub: lmms-lab/RefCOCO, lmms-lab/RefCOCOplus and lmms-lab/RefCOCOg; parquet. A file's row has one box and the phrases
that people wrote for it, and gives one raw row a phrase, in order:

    {"question_id": "1", "image": <picture>, "question": "...", "answer": ["the left bowl"],
     "segmentation": [...], "bbox": [x, y, width, height], "iscrowd": 0, "file_name": "COCO_train2014_000000000009.jpg"}

Boxes are in pixels of the picture. testA shows people, testB other things; they have 1,975 and 1,810 boxes. Synthetic
rows have the same columns and ask for one of two or three flat shapes.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.data.coco_ids import named
from rlvr.data.source import RawRow, Source
from rlvr.datasets import refcoco
from rlvr.errors import RlvrError


def convert(raw: RawRow) -> dict[str, Any]:
    """A raw row -> our fields, those of VLM-R1's form."""
    x, y, width, height = (float(number) for number in raw["bbox"])
    (phrase,) = raw["answer"]
    return refcoco.convert(
        {
            "image": named(raw["image"], raw.get("file_name")),
            "problem": f"Give the box of the region that this sentence describes: {phrase.strip()}.",
            "solution": [x, y, x + width, y + height],
        }
    )


def read_test_a(folder: Path) -> Iterator[RawRow]:
    """Phrases for people."""
    return phrases(folder, "testA-*.parquet")


def read_test_b(folder: Path) -> Iterator[RawRow]:
    """Phrases for other things."""
    return phrases(folder, "testB-*.parquet")


def read_test(folder: Path) -> Iterator[RawRow]:
    """Phrases of a data set with one test part."""
    return phrases(folder, "test-*.parquet")


def phrases(folder: Path, pattern: str) -> Iterator[RawRow]:
    """One raw row a phrase of the files anywhere under `folder` that match `pattern`."""
    files = sorted(folder.glob(f"**/{pattern}"))
    if not files:
        raise RlvrError(f"{str(folder)!r} holds no {pattern}; put the data set's parquet files there.")
    for file in files:
        try:
            with pq.ParquetFile(file, pre_buffer=False) as opened:
                for batch in opened.iter_batches(batch_size=32):
                    for row in batch.to_pylist():
                        for phrase in row["answer"]:
                            yield {**row, "answer": [phrase]}
        except (pa.ArrowException, OSError) as error:
            raise RlvrError(f"{str(file)!r} cannot be read as parquet ({error}); fetch it again.") from error


def synthetic_a(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows in the form of RefCOCO's testA."""
    return shown(n, f"refcoco testA {seed}")


def synthetic_b(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows in the form of RefCOCO's testB."""
    return shown(n, f"refcoco testB {seed}")


def synthetic_plus_a(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows in the form of RefCOCO+'s testA."""
    return shown(n, f"refcoco+ testA {seed}")


def synthetic_plus_b(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows in the form of RefCOCO+'s testB."""
    return shown(n, f"refcoco+ testB {seed}")


def synthetic_g(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows in the form of RefCOCOg's test part."""
    return shown(n, f"refcocog test {seed}")


def shown(n: int, seed: str) -> Iterator[RawRow]:
    """`n` pictures drawn from `seed`, each with one phrase."""
    for number, (picture, phrase, (x1, y1, x2, y2)) in enumerate(refcoco.shown(n, seed), start=1):
        yield {
            "question_id": str(number),
            "image": picture,
            "question": "",
            "answer": [phrase],
            "segmentation": [],
            "bbox": [float(x1), float(y1), float(x2 - x1), float(y2 - y1)],
            "iscrowd": 0,
            "file_name": f"{number}.png",
        }


TEST_A = Source(
    name="refcoco_test_a",
    title="RefCOCO testA",
    hub_id="lmms-lab/RefCOCO",
    revision="e15256ece129a21d62e216f95f98ba2e808f96a0",
    files="**/testA-*.parquet",
    licence="not stated (COCO pictures)",
    columns=("image", "answer", "bbox"),
    convert=convert,
    read=read_test_a,
    synthetic=synthetic_a,
    gold=refcoco.gold,
)
TEST_B = replace(
    TEST_A,
    name="refcoco_test_b",
    title="RefCOCO testB",
    files="**/testB-*.parquet",
    read=read_test_b,
    synthetic=synthetic_b,
)
PLUS_TEST_A = replace(
    TEST_A,
    name="refcoco_plus_test_a",
    title="RefCOCO+ testA",
    hub_id="lmms-lab/RefCOCOplus",
    revision=None,
    synthetic=synthetic_plus_a,
)
PLUS_TEST_B = replace(
    TEST_B,
    name="refcoco_plus_test_b",
    title="RefCOCO+ testB",
    hub_id="lmms-lab/RefCOCOplus",
    revision=None,
    synthetic=synthetic_plus_b,
)
G_TEST = replace(
    TEST_A,
    name="refcocog_test",
    title="RefCOCOg test",
    hub_id="lmms-lab/RefCOCOg",
    revision=None,
    files="**/test-*.parquet",
    read=read_test,
    synthetic=synthetic_g,
)
"""Numbers of phrases, which are the rows here, have not been established."""
