"""What training and benchmarks have in common, and rows that training holds twice.

Three verdicts tell apart what is easily mixed up:

    leak           the same pictures and the same question: the model is trained on what it is measured by
    image overlap  the same picture with another question: usual among sets that annotate the same photographs
    template       the same question on other pictures: usual among counting sets, which share one question

Pictures are the same when their pixels are, when they are near copies, or when COCO knows them by the same id, where
both sides say so. Questions are the same when their letters are, without differences of case, width and white space. A
training row has one verdict a benchmark, the gravest.

That no overlap is found does not prove that there is none: a base model may have seen a benchmark long before.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pyarrow as pa

from rlvr.data.coco_ids import Ids
from rlvr.data.distinct_pictures import DistinctPictures, distinct_pictures
from rlvr.data.same_pictures import EQUAL, Closeness, How, Pictures, SamePictures, between, within

SHOWN_PAIRS = 200
"""Pairs that are written out beside those of leaks, which are written out all."""

Verdict = Literal["leak", "image_overlap", "near_duplicate"]

_Asked = Mapping[tuple[str, int, int | None], Sequence[int]]
"""Question, number of pictures, first picture -> positions of the rows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A training row and a row that shows the same picture, or asks the same without one."""

    verdict: Verdict
    """What they have in common."""
    row_id: str
    """The training row."""
    position: int
    """Its position in training."""
    picture: int | None
    """Index of the picture in it; None where the two have no picture but a video, or text alone."""
    other_row_id: str
    """The other row: of the benchmark, or an earlier one of training for near duplicates."""
    other_position: int
    """Its position in its part."""
    other_picture: int | None
    """Index of the picture in it."""
    found: Literal["same pixels", "near copy", "same COCO id", "same video", "same text"]
    """How it was found."""
    distance_bits: int
    """Bits in which the perceptual hashes differ, 64 where one cannot be decoded; of several pictures that all agree,
    the most."""
    difference: int
    """99.5th percentile of the difference in brightness, of 255, which also stands where an id alone decided; of
    several pictures that all agree, the most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overlap:
    """What training has in common with one benchmark."""

    benchmark: str
    """Its name: the task of its rows."""
    test_rows: int
    """Its rows."""
    leaked: tuple[int, ...]
    """Positions of training rows that it contains."""
    image_overlap: tuple[int, ...]
    """Positions of other training rows that share a picture with it."""
    image_overlap_test_rows: int
    """Its rows that show a picture which training shows too, leaked ones included."""
    template_rows: int
    """Training rows that share a question with it and no picture."""
    shared_pictures: int
    """Its pictures and videos that training shows too, each counted once."""
    pairs: tuple[Pair, ...]
    """One pair a leaked or overlapping training row, by position: the closest."""
    complete_to_bits: int
    """How far the search for near copies went: see `near_hashes.Candidates`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NearDuplicates:
    """Training rows that repeat an earlier row of their task, with near copies of its pictures."""

    pairs: tuple[Pair, ...]
    """One pair a repeating row, by position."""
    complete_to_bits: int
    """How far the search for near copies went: see `near_hashes.Candidates`."""


def compare(
    train_facts: pa.Table,
    test_facts: pa.Table,
    pictures: Pictures,
    *,
    train_ids: Mapping[int, Ids] | None = None,
    test_ids: Mapping[int, Ids] | None = None,
) -> list[Overlap]:
    """What training has in common with each benchmark, by name.

    `pictures` is asked for pictures whose hashes are near, each once, by rising position: first training, then test.
    The ids are COCO's, by position (see `coco_ids`).
    """
    train, test = distinct_pictures(train_facts, train_ids), distinct_pictures(test_facts, test_ids)
    same = between(train, test, pictures)
    benchmarks: dict[str, list[int]] = defaultdict(list)
    for position, name in enumerate(test.tasks):
        benchmarks[name].append(position)
    return [_overlap(name, positions, train, test, same) for name, positions in sorted(benchmarks.items())]


def near_duplicates(train_facts: pa.Table, pictures: Pictures) -> NearDuplicates:
    """Rows that ask the same as an earlier row of their task about near copies of its pictures, in the same order.

    Rows that are equal to the pixel are not among them: those are duplicates, which the facts name. Of each task's
    rows, the first to show a picture stands for all that are equal to it.
    """
    train = distinct_pictures(train_facts)
    same = within(train, pictures)
    first: dict[tuple[str, str, tuple[int, ...]], int] = {}
    for position, shown in enumerate(train.shown):
        if train.still[position]:
            first.setdefault((train.tasks[position], train.questions[position], shown), position)
    tasks: dict[str, list[int]] = defaultdict(list)
    for (task, _, _), position in first.items():
        tasks[task].append(position)
    pairs = []
    for positions in tasks.values():
        asked = _asked(train, positions)
        for position in positions:
            repeated = _repeated(position, train, train, asked, same)
            if (found := next((match for match in repeated if match[0] < position), None)) is not None:
                pairs.append(_pair("near_duplicate", train, position, train, *found))
    pairs.sort(key=lambda pair: pair.position)
    return NearDuplicates(pairs=tuple(pairs), complete_to_bits=same.complete_to_bits)


def told_overlap(overlap: Overlap) -> dict[str, Any]:
    """What training has in common with one benchmark, as the verdict lists it."""
    return {
        "benchmark": overlap.benchmark,
        "rows": len(overlap.leaked),
        "shared_pictures": overlap.shared_pictures,
        "test_rows": overlap.test_rows,
        "image_overlap": len(overlap.image_overlap),
        "image_overlap_test_rows": overlap.image_overlap_test_rows,
        "template_rows": overlap.template_rows,
        "complete_to_bits": overlap.complete_to_bits,
        "pairs": told(overlap.pairs),
    }


def told(pairs: Iterable[Pair]) -> list[dict[str, Any]]:
    """Pairs as JSON objects: all leaks, and the first `SHOWN_PAIRS` of each other verdict."""
    count: dict[str, int] = defaultdict(int)
    listing = []
    for pair in pairs:
        count[pair.verdict] += 1
        if pair.verdict == "leak" or count[pair.verdict] <= SHOWN_PAIRS:
            listing.append(asdict(pair))
    return listing


def _overlap(
    name: str, positions: Sequence[int], train: DistinctPictures, test: DistinctPictures, same: SamePictures
) -> Overlap:
    asked, questions = _asked(test, positions), {test.questions[position] for position in positions}
    places: dict[int, tuple[int, int]] = {}
    for position in positions:
        for index, number in enumerate(test.shown[position]):
            places.setdefault(number, (position, index))
    shared = same.others() & places.keys()
    pairs, template = [], 0
    for position in range(len(train.row_ids)):
        if (repeated := next(_repeated(position, train, test, asked, same), None)) is not None:
            pairs.append(_pair("leak", train, position, test, *repeated))
        elif (showing := _showing(position, train, places, same)) is not None:
            index, other, other_index, closeness = showing
            pairs.append(_pair("image_overlap", train, position, test, other, closeness, index, other_index))
        elif train.questions[position] in questions:
            template += 1
    return Overlap(
        benchmark=name,
        test_rows=len(positions),
        leaked=tuple(pair.position for pair in pairs if pair.verdict == "leak"),
        image_overlap=tuple(pair.position for pair in pairs if pair.verdict == "image_overlap"),
        image_overlap_test_rows=sum(not shared.isdisjoint(test.shown[position]) for position in positions),
        template_rows=template,
        shared_pictures=len(shared),
        pairs=tuple(pairs),
        complete_to_bits=same.complete_to_bits,
    )


def _asked(side: DistinctPictures, positions: Sequence[int]) -> _Asked:
    asked: dict[tuple[str, int, int | None], list[int]] = defaultdict(list)
    for position in positions:
        shown = side.shown[position]
        asked[side.questions[position], len(shown), shown[0] if shown else None].append(position)
    return asked


def _repeated(
    position: int, ours: DistinctPictures, theirs: DistinctPictures, asked: _Asked, same: SamePictures
) -> Iterator[tuple[int, Closeness]]:
    """Rows with the same question and, in the same order, the same pictures; with the least close of the pictures."""
    shown, question = ours.shown[position], ours.questions[position]
    if not shown:
        yield from ((other, EQUAL) for other in asked.get((question, 0, None), ()))
        return
    tables = [same.of(number) for number in shown]
    for first in tables[0]:
        for other in asked.get((question, len(shown), first), ()):
            pairs = zip(tables, theirs.shown[other], strict=True)
            closeness = [table.get(number) for table, number in pairs]
            found = [entry for entry in closeness if entry is not None]
            if len(found) == len(shown):
                yield other, max(found)


def _showing(
    position: int, ours: DistinctPictures, places: Mapping[int, tuple[int, int]], same: SamePictures
) -> tuple[int, int, int, Closeness] | None:
    """Index of a row's picture, place of the closest picture of the benchmark, and how close they are."""
    found = [
        (closeness, index, *places[other])
        for index, number in enumerate(ours.shown[position])
        for other, closeness in same.of(number).items()
        if other in places
    ]
    if not found:
        return None
    closeness, index, other, other_index = min(found)
    return index, other, other_index, closeness


def _pair(
    verdict: Verdict,
    train: DistinctPictures,
    position: int,
    other: DistinctPictures,
    other_position: int,
    closeness: Closeness,
    picture: int = 0,
    other_picture: int = 0,
) -> Pair:
    still, shown = train.still[position], bool(train.shown[position])
    found: Literal["same pixels", "near copy", "same COCO id", "same video", "same text"] = (
        "same pixels" if still else "same video" if shown else "same text"
    )
    if closeness.how is not How.PIXELS:
        found = "near copy" if closeness.how is How.LOOKS else "same COCO id"
    return Pair(
        verdict=verdict,
        row_id=train.row_ids[position],
        position=position,
        picture=picture if still else None,
        other_row_id=other.row_ids[other_position],
        other_position=other_position,
        other_picture=other_picture if still else None,
        found=found,
        distance_bits=closeness.distance_bits,
        difference=closeness.difference,
    )
