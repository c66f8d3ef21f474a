"""Leak, image overlap and template are told apart; near duplicates within training are found by the same search."""

import hashlib
import io
import random
from dataclasses import asdict

import pyarrow as pa
from PIL import Image

from rlvr.data.contamination import compare, near_duplicates, told
from rlvr.data.perceptual_hash import perceptual_hash
from rlvr.datasets import scenes

COUNT = "How many different items are there in the image?"


def large(seed: int) -> Image.Image:
    return Image.open(io.BytesIO(scenes.draw(3 + seed % 6, random.Random(seed)))).convert("RGB").resize((480, 320))


def png(seed: int) -> bytes:
    written = io.BytesIO()
    large(seed).save(written, "PNG")
    return written.getvalue()


def copy(seed: int) -> bytes:
    """A half-size JPEG of the same scene."""
    written = io.BytesIO()
    large(seed).resize((240, 160)).save(written, "JPEG", quality=50)
    return written.getvalue()


class Rows:
    """Facts of rows, as far as overlap reads them, and their pictures."""

    def __init__(self, part: str) -> None:
        self.part, self.lines, self.pictures = part, [], []

    def add(self, question: str, *pictures: bytes, task: str = "counting", video: bytes = b"") -> int:
        decoded = [Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures]
        digests = [hashlib.sha256(repr(image.size).encode() + image.tobytes()).hexdigest() for image in decoded]
        shown = digests + ([hashlib.sha256(video).hexdigest()] if video else [])
        self.lines.append(
            {
                "position": len(self.lines),
                "row_id": f"{self.part}-{len(self.lines)}",
                "task": task,
                "pixel_digest": hashlib.sha256("|".join(shown).encode()).hexdigest(),
                "picture_digests": digests,
                "picture_hashes": [perceptual_hash(image) for image in decoded],
                "question_digest": hashlib.sha256(question.encode()).hexdigest(),
            }
        )
        self.pictures.append(pictures)
        return len(self.lines) - 1

    @property
    def facts(self) -> pa.Table:
        kinds = {"picture_digests": pa.list_(pa.string()), "picture_hashes": pa.list_(pa.uint64())}
        names = list(self.lines[0])
        fields = [pa.field(name, kinds.get(name, pa.int64() if name == "position" else pa.string())) for name in names]
        return pa.Table.from_pylist(self.lines, schema=pa.schema(fields))


def overlaps(train: Rows, test: Rows):
    parts = {"train": train, "test": test}
    return compare(train.facts, test.facts, lambda part, position, index: parts[part].pictures[position][index])


def test_rows_that_share_one_question_and_no_picture_are_no_leak():
    train, test = Rows("train"), Rows("test")
    for seed in range(12):
        train.add(COUNT, png(seed))
        test.add(COUNT, png(100 + seed), task="superclevr_200")
    (found,) = overlaps(train, test)
    assert (found.benchmark, found.test_rows, found.leaked, found.image_overlap) == ("superclevr_200", 12, (), ())
    assert (found.template_rows, found.shared_pictures, found.pairs) == (12, 0, ())


def test_the_same_picture_and_question_is_a_leak_exact_or_near():
    train, test = Rows("train"), Rows("test")
    for seed in range(8):
        train.add(COUNT, png(seed))
    test.add(COUNT, png(50))
    test.add(COUNT, copy(6))
    test.add(COUNT, png(2))
    (found,) = overlaps(train, test)
    assert found.leaked == (2, 6)
    assert (found.image_overlap, found.template_rows, found.shared_pictures) == ((), 6, 2)
    assert found.image_overlap_test_rows == 2
    exact, near = (asdict(pair) for pair in found.pairs)
    assert exact == {
        "verdict": "leak",
        "row_id": "train-2",
        "position": 2,
        "picture": 0,
        "other_row_id": "test-2",
        "other_position": 2,
        "other_picture": 0,
        "found": "same pixels",
        "distance_bits": 0,
        "difference": 0,
    }
    assert (near["row_id"], near["other_row_id"], near["found"]) == ("train-6", "test-1", "near copy")
    assert 0 <= near["distance_bits"] <= 8 and 0 < near["difference"] <= 24


def test_the_same_picture_with_another_question_is_image_overlap():
    train, test = Rows("train"), Rows("test")
    train.add("Where is the dog?", png(1))
    train.add("What is left of it?", png(2), png(3))
    test.add("Is it raining?", png(3))
    test.add("Who is that?", png(3), png(9))
    test.add("Is it cold?", copy(1))
    (found,) = overlaps(train, test)
    assert (found.leaked, found.image_overlap, found.template_rows) == ((), (0, 1), 0)
    assert (found.image_overlap_test_rows, found.shared_pictures) == (3, 2)
    near, exact = found.pairs
    assert (near.found, near.other_position, near.verdict) == ("near copy", 2, "image_overlap")
    assert (exact.found, exact.picture, exact.other_position, exact.other_picture) == ("same pixels", 1, 0, 0)


def test_every_picture_of_a_row_has_to_agree_for_a_leak():
    train, test = Rows("train"), Rows("test")
    question = "What changed between the pictures?"
    train.add(question, png(1), png(2))
    train.add(question, png(3), png(4))
    train.add(question, png(6), png(5))
    test.add(question, png(1), png(7))
    test.add(question, png(3), copy(4))
    test.add(question, png(5), png(6))
    (found,) = overlaps(train, test)
    assert (found.leaked, found.image_overlap) == ((1,), (0, 2))
    assert found.pairs[1].found == "near copy", "the least close of the pictures says how it was found"


def test_each_benchmark_has_verdicts_of_its_own_and_the_closest_row_is_named():
    train, test = Rows("train"), Rows("test")
    train.add(COUNT, png(1))
    test.add(COUNT, copy(1), task="b")
    test.add(COUNT, png(1), task="b")
    test.add("What colour?", png(1), task="a")
    test.add(COUNT, png(2), task="c")
    found = {overlap.benchmark: overlap for overlap in overlaps(train, test)}
    assert list(found) == ["a", "b", "c"]
    assert (found["a"].image_overlap, found["b"].leaked, found["c"].template_rows) == ((0,), (0,), 1)
    assert (found["b"].pairs[0].other_position, found["b"].pairs[0].found) == (1, "same pixels")


def test_videos_and_plain_texts_are_compared_by_their_digests():
    train, test = Rows("train"), Rows("test")
    train.add("When does he sit?", video=b"clip 1")
    train.add("When does he stand?", video=b"clip 1")
    train.add("What is 2 + 2?")
    train.add("What is 2 + 3?")
    test.add("When does he sit?", video=b"clip 1")
    test.add("What is 2 + 2?")
    (found,) = overlaps(train, test)
    assert (found.leaked, found.image_overlap, found.template_rows) == ((0, 2), (1,), 0)
    assert [(pair.found, pair.picture) for pair in found.pairs] == [
        ("same video", None),
        ("same video", None),
        ("same text", None),
    ]
    assert (found.shared_pictures, found.image_overlap_test_rows) == (1, 1)


def test_near_duplicates_are_later_rows_of_the_same_task_and_question():
    train = Rows("train")
    train.add(COUNT, png(1))
    train.add(COUNT, png(2))
    train.add(COUNT, copy(1))
    train.add("What colour?", copy(2))
    train.add(COUNT, copy(2), task="other")
    train.add(COUNT, png(1))
    train.add(COUNT, png(3), copy(2))
    train.add(COUNT, png(3), png(2))
    found = near_duplicates(train.facts, lambda part, position, index: train.pictures[position][index])
    assert [(pair.position, pair.other_position, pair.verdict) for pair in found.pairs] == [
        (2, 0, "near_duplicate"),
        (7, 6, "near_duplicate"),
    ]


def test_leaks_are_written_out_all_and_other_pairs_up_to_a_number():
    train, test = Rows("train"), Rows("test")
    for _ in range(250):
        train.add("a", video=b"clip")
        train.add("b", video=b"clip")
    test.add("a", video=b"clip")
    (found,) = overlaps(train, test)
    written = told(found.pairs)
    assert [sum(entry["verdict"] == verdict for entry in written) for verdict in ("leak", "image_overlap")] == [
        250,
        200,
    ]
    assert len(found.image_overlap) == 250


def test_nothing_overlaps_with_no_benchmark():
    train = Rows("train")
    train.add(COUNT, png(1))
    assert compare(train.facts, train.facts.slice(0, 0), lambda *place: b"") == []
