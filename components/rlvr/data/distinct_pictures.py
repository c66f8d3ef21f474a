"""The pictures of a table of facts, each once, however many rows show it.

A row without pictures that has a video shows its video, which has no perceptual hash; a row of text shows nothing.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import pyarrow as pa

from rlvr.data.coco_ids import Ids

NOTHING = sha256(b"").hexdigest()
"""`pixel_digest` of a row of text alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DistinctPictures:
    """Pictures by number, and the rows that show them; numbers follow the first appearance."""

    tasks: Sequence[str]
    """Task of each row; for test rows, the benchmark."""
    row_ids: Sequence[str]
    """Id of each row."""
    questions: Sequence[str]
    """Digest of each row's question."""
    shown: Sequence[tuple[int, ...]]
    """Numbers of what each row shows, in order."""
    still: Sequence[bool]
    """Whether each row shows pictures, not a video and not nothing."""
    numbers: dict[str, int]
    """Pixel digest -> number."""
    places: Sequence[tuple[int, int]]
    """Position of the first row that shows each picture, and its index there."""
    hashes: Sequence[int | None]
    """Perceptual hash of each picture; None for videos and what cannot be decoded."""
    coco_ids: Mapping[int, set[int]]
    """Number -> COCO ids under which the picture is known, of those that have any."""


def distinct_pictures(facts: pa.Table, ids: Mapping[int, Ids] | None = None) -> DistinctPictures:
    """The pictures in columns `picture_digests` and `picture_hashes`; `ids` are the COCO ids of rows by position."""
    ids = ids or {}
    coco_ids: dict[int, set[int]] = defaultdict(set)
    numbers: dict[str, int] = {}
    places: list[tuple[int, int]] = []
    hashes: list[int | None] = []
    shown = []
    columns = ("picture_digests", "picture_hashes", "pixel_digest")
    rows = list(zip(*(facts[name].to_pylist() for name in columns), strict=True))
    for position, (digests, row_hashes, whole) in enumerate(rows):
        if not digests and whole != NOTHING:
            digests, row_hashes = [whole], [None]
        row_numbers = []
        for index, (digest, value) in enumerate(zip(digests, row_hashes, strict=True)):
            number = numbers.setdefault(digest, len(numbers))
            if number == len(places):
                places.append((position, index))
                hashes.append(value)
            row_numbers.append(number)
        shown.append(tuple(row_numbers))
        for number, one in zip(row_numbers, ids.get(position, ()), strict=False):
            if one is not None:
                coco_ids[number].add(one)
    return DistinctPictures(
        tasks=facts["task"].to_pylist(),
        row_ids=facts["row_id"].to_pylist(),
        questions=facts["question_digest"].to_pylist(),
        shown=shown,
        still=[bool(digests) for digests, _, _ in rows],
        numbers=numbers,
        places=places,
        hashes=hashes,
        coco_ids=coco_ids,
    )
