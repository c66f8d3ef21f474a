"""COCO ids: read from published names alone, kept by ingest, and a leak where pixels no longer tell."""

import io
import json
import random
from pathlib import Path

import pytest
from PIL import Image

from rlvr.canonical import plain
from rlvr.data import rows as row_files
from rlvr.data.coco_ids import coco_id, kept_ids
from rlvr.data.contamination import compare
from rlvr.data.facts import facts
from rlvr.data.ingest import ingest
from rlvr.data.source import Source
from rlvr.data.verify import pictures_of
from rlvr.datasets import refcoco_parquet, scenes, vsr


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("COCO_train2014_000000581857.jpg", 581857),
        ("coco/train2014/COCO_train2014_000000581857_16.jpg", 581857),
        ("val2017/000000000139.jpg", 139),
        ("http://images.cocodataset.org/train2017/000000050403.jpg", 50403),
        (r"images\val2014\COCO_val2014_000000000042.JPG", 42),
        ("coco/000000000139.png", 139),
        ("000000000139.jpg", None),  # anybody's numbering
        ("cocoon/000000000139.jpg", None),
        ("retrain2017/000000000139.jpg", None),
        ("COCO_train2014_581857.jpg", None),
        ("a" * 100_000 + "/val2017/000000000139.jpg", 139),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_an_id_is_read_from_names_that_say_whose_it_is(name, expected):
    assert coco_id(name) == expected


def convert(raw):
    extra = json.dumps({"kind": "scene"})
    return {"images": raw["images"], "prompt": raw["question"], "answer": "1", "answer_kind": "integer", "extra": extra}


SOURCE = Source(name="items", title="Items", files="*.jsonl", columns=("images", "question"), convert=convert)
QUESTIONS = ("Where is the dog?", "How many are there?", "What is left of it?", "Is it old?")
TRAIN = ("COCO_train2014_000000000009.jpg", "COCO_train2014_000000000025.jpg", "000000000030.jpg", "7.jpg")
TEST = ("train2017/000000000009.jpg", "train2017/000000000025.jpg", "000000000030.jpg", "8.jpg")


def made(folder: Path, names, questions, crop) -> Path:
    """A data set of scenes under these names, each cropped alike."""
    raw = folder / "raw"
    lines = []
    for seed, (name, question) in enumerate(zip(names, questions, strict=True)):
        scene = Image.open(io.BytesIO(scenes.draw(5, random.Random(seed)))).convert("RGB")
        (raw / name).parent.mkdir(parents=True, exist_ok=True)
        scene.crop(crop).save(raw / name)
        lines.append(json.dumps({"images": [name], "question": question}))
    (raw / "rows.jsonl").write_text("\n".join(lines))
    ingest(sources=[{"task": "t", "source": plain(SOURCE) | {"location": str(raw)}}], seed=0, out=folder / "out")
    return folder / "out"


def test_a_cropped_picture_of_the_same_id_and_question_is_a_leak(tmp_path):
    train = made(tmp_path / "train", TRAIN, QUESTIONS, (0, 0, 128, 96))
    test = made(tmp_path / "test", TEST, [QUESTIONS[0], "Who is it?", *QUESTIONS[2:]], (40, 30, 128, 96))
    ids = kept_ids(train), kept_ids(test)
    assert ids == ({0: [9], 1: [25]}, {0: [9], 1: [25]})
    assert json.loads(row_files.read(train)[0]["extra"]) == {"kind": "scene", "coco_ids": [9]}
    assert json.loads(row_files.read(train)[2]["extra"]) == {"kind": "scene"}
    tables = facts(train, processes=1), facts(test, processes=1)
    pictures = pictures_of({"train": train, "test": test})
    (found,) = compare(*tables, pictures, train_ids=ids[0], test_ids=ids[1])
    assert (found.leaked, found.image_overlap, found.template_rows) == ((0,), (1,), 2)
    assert [(pair.verdict, pair.found, pair.difference) for pair in found.pairs] == [
        ("leak", "same COCO id", 255),
        ("image_overlap", "same COCO id", 255),
    ]
    assert (found.shared_pictures, found.image_overlap_test_rows) == (2, 2)
    assert compare(*tables, pictures)[0].leaked == (), "pixels alone do not tell"


def test_sources_that_name_their_photographs_elsewhere_have_ids(tmp_path):
    for source, column, name in (
        (vsr.ZERO_SHOT, "image_link", "http://images.cocodataset.org/train2017/000000050403.jpg"),
        (refcoco_parquet.TEST_A, "file_name", "COCO_train2014_000000050403_3.jpg"),
    ):
        (raw,) = source.synthetic(1, 0)
        (picture,) = source.convert({**raw, column: name})["images"]
        assert coco_id(picture["path"]) == 50403
        without = source.convert({key: value for key, value in raw.items() if key != column})["images"]
        assert len(without) == 1


def test_made_up_rows_have_no_ids(tmp_path):
    source = plain(vsr.ZERO_SHOT) | {"location": "synthetic", "limit": 3}
    ingest(sources=[{"task": "t", "source": source}], seed=0, out=tmp_path)
    assert kept_ids(tmp_path) == {}
