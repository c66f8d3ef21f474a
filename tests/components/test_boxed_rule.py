r"""VL-Rethinker's rewards and data."""

import io
import json
import time
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rlvr.data.load import raw_rows
from rlvr.data.rows import row_id
from rlvr.datasets import charts, virl39k
from rlvr.rewards import boxed_rule, boxed_strict, symbolic


def rule(text, solution, cut=False):
    return boxed_rule.correct([text], solution=[solution], truncated=[cut])[0]


def strict(text, solution, cut=False):
    return boxed_strict.correct([text], solution=[solution], truncated=[cut])[0]


@pytest.mark.parametrize(
    ("text", "solution", "published", "closed"),
    [
        (r"so \boxed{12}", r"\boxed{12}", 1, 1),
        (r"so \boxed{12}", "12", 1, 1),
        (r"\boxed{12} or \boxed{11}", r"\boxed{12}", 0, 0),
        (r"\boxed{11} but <answer>12</answer>", r"\boxed{12}", 1, 0),
        ("the result is 12", r"\boxed{12}", 1, 0),
        (r"\boxed{BCD}", r"\boxed{B}", 1, 0),
        (r"\boxed{(B)}", r"\boxed{B}", 0, 1),
        (r"\boxed{\text{B}}", r"\boxed{B}", 0, 1),
        (r"\boxed{C}", r"\boxed{B}", 0, 0),
        (r"\boxed{\frac{1}{2}}", r"\boxed{0.5}", 1, 1),
        ("nothing", r"\boxed{12}", 0, 0),
    ],
)
def test_what_counts_as_right(text, solution, published, closed):
    assert (rule(text, solution), strict(text, solution)) == (published, closed)


def test_a_cut_completion_is_invalid():
    assert rule(r"\boxed{12}", r"\boxed{12}", cut=True) == 1
    assert strict(r"\boxed{12}", r"\boxed{12}", cut=True) == 0
    assert boxed_rule.shaped([r"\boxed{12}"] * 2, solution=["12"] * 2, truncated=[True, False]) == [-0.1, 1]


def test_shapes():
    assert [boxed_rule.shape(valid=True, right=True, waits=count) for count in range(7)] == pytest.approx(
        [1, 1.1, 1.1, 0.4, 0.2, 0, -0.1]
    )
    assert boxed_rule.shape(valid=False, right=True, waits=2) == 1.1
    assert boxed_rule.shape(valid=False, right=True, waits=None) == -0.1
    assert boxed_rule.waits("Wait, a moment. Alternatively wait, wait a bit") == 4


def test_hostile_text_is_scored_in_bounded_time():
    assert symbolic.equal("1", "1") is True
    for piece in (r"\boxed{", "<answer>", "Answer:", "wait ", "}", "9"):
        text = piece * (100_000 // len(piece))
        for reward in (boxed_rule.correct, boxed_rule.shaped, boxed_strict.correct):
            started = time.perf_counter()
            (score,) = reward([text], solution=[r"\boxed{12}"])
            assert time.perf_counter() - started < 5
            assert score <= 0


def test_pictures_are_named_where_there_are_several():
    assert virl39k.without_placeholders("<image>What is it?") == "What is it?"
    assert virl39k.without_placeholders("Is <image> in <image>?") == "Is (picture 1) in (picture 2) ?"


def test_synthetic_rows():
    rows = list(virl39k.synthetic(200, 0))
    assert rows == list(virl39k.synthetic(200, 0)) != list(virl39k.synthetic(200, 1))
    scores = []
    for raw in rows:
        fields = virl39k.convert(raw)
        bars = charts.read(fields["images"][0])
        assert fields["answer"] in ("A", "B", "C", *(str(bar.height) for bar in bars))
        fields["row_id"] = row_id(fields)
        scores += boxed_rule.correct([virl39k.demonstrate(fields)], solution=[json.loads(fields["extra"])["solution"]])
    assert 0.5 < sum(scores) / len(scores) < 0.8


def test_the_published_files_are_read_with_their_archive(tmp_path):
    from dataclasses import replace

    (raw,) = virl39k.synthetic(1, 0)
    pq.write_table(pa.Table.from_pylist([raw | {"image": ["images/a/1.png"]}]), tmp_path / "39Krelease.parquet")
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        archive.writestr("images/a/1.png", raw["image"][0])
        archive.writestr("images/b/1.png", b"another")
    (row,) = raw_rows(replace(virl39k.TRAIN, location=str(tmp_path)), seed=0)
    assert [picture["bytes"] for picture in row["image"]] == raw["image"]
    assert io.BytesIO(raw["image"][0]).read(4) == b"\x89PNG"
