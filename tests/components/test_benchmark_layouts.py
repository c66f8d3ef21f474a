"""Loaders of benchmarks whose publishers have a layout of their own, and the metrics of MEGA-Bench."""

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from rlvr.data.load import raw_rows
from rlvr.datasets import (
    blink,
    mega_bench,
    mmmu_pro,
    next_qa,
    object_pairs,
    ovdeval_parts,
    perception_test,
    refcoco_parquet,
    video_mme,
    video_mmmu,
    vsr,
)
from rlvr.errors import RlvrError
from rlvr.scoring.mega_bench import collections, places, rules, texts
from rlvr.scoring.mega_bench.metrics import JUDGED, METRICS, UNSCORED
from rlvr.scoring.mega_bench.reading import answer_fields, answer_text, marked_answer
from rlvr.scoring.yes_no import published, strict


def located(source, folder):
    """The rows of a folder, converted, and those that are left out."""
    raws = list(raw_rows(replace(source, location=str(folder), limit=None), 0))
    skip = source.skip or (lambda raw: False)
    return [source.convert(raw) for raw in raws if not skip(raw)], [raw for raw in raws if skip(raw)]


def test_vsr_joins_captions_with_pictures_in_an_archive(tmp_path):
    raws = list(vsr.synthetic(4, 1))
    with zipfile.ZipFile(tmp_path / "train2017.zip", "w") as archive:
        for raw in raws:
            archive.writestr(f"train2017/{raw['image']['path']}", raw["image"]["bytes"])
    lines = [json.dumps({**raw, "image": raw["image"]["path"]}) for raw in raws]
    (tmp_path / "test.jsonl").write_text("\n".join(lines))
    rows, _ = located(vsr.ZERO_SHOT, tmp_path)
    assert [row["answer"] for row in rows] == ["yes" if raw["label"] else "no" for raw in raws]
    assert rows[0]["images"][0]["bytes"] == raws[0]["image"]["bytes"]


def test_vsr_captions_say_what_the_picture_shows():
    def middle(pixels, colour):
        return np.argwhere(np.abs(pixels - np.array(object_pairs.COLOURS[colour])).sum(2) < 60).mean(0)

    for raw in vsr.synthetic(20, 2):
        pixels = np.asarray(Image.open(io.BytesIO(raw["image"]["bytes"])).convert("RGB")).astype(int)
        one, other = (word for word in raw["caption"].split() if word in object_pairs.COLOURS)
        (y, x), (v, u) = middle(pixels, one), middle(pixels, other)
        shown = {"left of": x < u - 9, "right of": x > u + 9, "above": y < v - 9, "below": y > v + 9}
        assert bool(raw["label"]) is bool(shown[raw["relation"]])


@pytest.mark.parametrize(
    "reply, by_published, by_strict",
    [
        ("<answer>Yes.</answer>", 1.0, 1.0),
        ("<answer>no</answer>", 0.0, 0.0),
        ("The caption is true.", 1.0, None),
        ("I know nothing", None, None),
        ("<answer>yes or no</answer>", 0.0, None),
        ("<think>yes", 1.0, None),
    ],
)
def test_yes_and_no_are_read_as_words(reply, by_published, by_strict):
    assert published([reply], answer=["yes"]) == [by_published]
    assert strict([reply], answer=["yes"]) == [by_strict]


def test_refcoco_gives_a_row_a_phrase(tmp_path):
    (raw,) = refcoco_parquet.synthetic_a(1, 1)
    (tmp_path / "data").mkdir()
    pq.write_table(
        pa.Table.from_pylist([{**raw, "answer": ["the one", "the other"]}]), tmp_path / "data/testA-0.parquet"
    )
    rows, _ = located(refcoco_parquet.TEST_A, tmp_path)
    assert ["the one" in rows[0]["prompt"], "the other" in rows[1]["prompt"]] == [True, True]
    x, y, width, height = raw["bbox"]
    assert rows[0]["boxes_xyxy_px"] == rows[1]["boxes_xyxy_px"] == [[x, y, x + width, y + height]]
    with pytest.raises(RlvrError, match="testB"):
        located(refcoco_parquet.TEST_B, tmp_path)


def test_next_qa_finds_the_videos_by_their_numbers(tmp_path):
    (raw,) = next_qa.synthetic(1, 1)
    (tmp_path / "MC").mkdir()
    (tmp_path / "NExTVideo").mkdir()
    (tmp_path / "NExTVideo" / "17.mp4").write_bytes(raw["video"])
    pq.write_table(pa.Table.from_pylist([{**raw, "video": 17}]), tmp_path / "MC/test-00000-of-00001.parquet")
    ((row,), _) = located(next_qa.TEST, tmp_path)
    assert row["video"]["bytes"] == raw["video"]
    assert row["answer"] == f"({'ABCDE'[raw['answer']]})" and len(row["options"]) == 5


@pytest.mark.parametrize(
    "source, file, videos",
    [
        (video_mme.SHORT, "videomme/test-00000-of-00001.parquet", "data"),
        (perception_test.VALIDATION, "mc_question_val/validation-00000-of-00001.parquet", "videos"),
    ],
)
def test_videos_lie_where_the_publisher_packs_them(source, file, videos, tmp_path):
    raws = list(source.synthetic(3, 1))
    (tmp_path / videos).mkdir()
    for raw in raws:
        name = raw.get("videoID") or raw["video_name"]
        (tmp_path / videos / f"{name}.mp4").write_bytes(raw.pop("video"))
    if source is video_mme.SHORT:
        raws[1]["duration"] = "long"
    (tmp_path / file).parent.mkdir()
    pq.write_table(pa.Table.from_pylist(raws), tmp_path / file)
    rows, left_out = located(source, tmp_path)
    assert len(rows) + len(left_out) == 3 and len(left_out) == (source is video_mme.SHORT)
    assert rows[0]["video"]["bytes"] == next(source.synthetic(1, 1))["video"]


def test_lectures_are_found_in_the_folders_of_their_fields(tmp_path):
    raws = list(video_mmmu.synthetic(6, 1))
    for number, (raw, field) in enumerate(zip(raws, video_mmmu.FIELDS, strict=True)):
        (tmp_path / field).mkdir()
        (tmp_path / field / f"{raw['id']}.mp4").write_bytes(raw.pop("video"))
        (tmp_path / raw["track"]).mkdir(exist_ok=True)
        file = tmp_path / raw.pop("track") / f"test-{number:05}-of-00006.parquet"
        pq.write_table(pa.Table.from_pylist([raw]), file)
    rows, _ = located(video_mmmu.TEST, tmp_path)
    expected = sorted(video_mmmu.synthetic(6, 1), key=lambda raw: video_mmmu.TRACKS.index(raw["track"]))
    assert [row["video"]["bytes"] for row in rows] == [raw["video"] for raw in expected]
    assert [row["answer_kind"] for row in rows] == ["letter"] * 5 + ["open"]
    assert rows[0]["prompt"].splitlines()[1] == f"(A) {rows[0]['options'][0]}" and "." not in rows[0]["options"][0]


def test_ovdeval_is_read_one_part_at_a_time(tmp_path):
    png = next(vsr.synthetic(1, 1))["image"]["bytes"]
    for part in ("color", "logo"):
        (tmp_path / "images" / part).mkdir(parents=True)
        (tmp_path / "images" / part / "1.png").write_bytes(png)
        (tmp_path / "annotations").mkdir(exist_ok=True)
        entry = {"id": 1, "file_name": "1.png", "text": [f"a {part}"], "neg_text": ["nothing"]}
        box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}
        data = {"images": [entry], "annotations": [box], "categories": [{"id": 1, "name": f"a {part}"}]}
        (tmp_path / "annotations" / f"{part}.json").write_text(json.dumps(data))
    ((row,), _) = located(ovdeval_parts.PARTS["color"], tmp_path)
    assert row["prompt"] == "Detect: a color, nothing." and row["boxes_xyxy_px"] == [[1.0, 2.0, 4.0, 6.0]]
    with pytest.raises(RlvrError, match="annotations/negation.json"):
        located(ovdeval_parts.PARTS["negation"], tmp_path)


def test_blink_parts_ask_their_own_kind():
    assert {raw["sub_task"] for raw in blink.synthetic_depth(9, 1)} == {"Relative_Depth"}
    assert {raw["sub_task"] for raw in blink.synthetic_relation(9, 1)} == {"Spatial_Relation"}


def test_the_vision_setting_shows_question_and_options_in_the_picture():
    (raw,) = mmmu_pro.synthetic_vision(1, 1)
    row = mmmu_pro.convert_vision(raw)
    assert row["prompt"] == mmmu_pro.IN_PICTURE and row["options"] == ["first", "second", "third"]
    picture = Image.open(io.BytesIO(row["images"][0])).convert("L")
    below = np.asarray(picture)[-4 * (mmmu_pro.TEXT_PX + 4) :]
    assert (below < 100).sum() > 200  # ink of the letters
    assert mmmu_pro.convert_vision({**raw, "options": ["a", "b"]})["options"] == ["a", "b"]


def mega_folder(folder, raws):
    (folder / "core").mkdir()
    with zipfile.ZipFile(folder / "data.zip", "w") as archive:
        for number, raw in enumerate(raws, start=1):
            for picture in raw.pop("pictures"):
                archive.writestr(f"data/{number}.png", picture)
    pq.write_table(pa.Table.from_pylist(raws), folder / "core/test-00000-of-00001.parquet")
    return folder


def test_mega_bench_joins_media_and_leaves_judged_rows_and_videos_out(tmp_path):
    raws = list(mega_bench.synthetic(4, 1))
    raws[1]["metric_info"] = raws[1]["metric_info"].replace("simple_str_match", "gpt_4o_as_judge").replace(
        "number_rel_diff_ratio", "gpt_4o_as_judge"
    )  # fmt: skip
    raws[2]["query_media"] = "['./data/clip.mp4']"
    rows, left_out = located(mega_bench.CORE, mega_folder(tmp_path, raws))
    assert [raw["id"] for raw in left_out] == ["2", "3"]
    assert all("[picture 1]" in row["prompt"] and len(row["images"]) == 1 for row in rows)
    assert json.loads(rows[0]["extra"])["task_name"] == raws[0]["task_name"]


def test_every_metric_is_scored_or_its_reason_is_named():
    assert not set(METRICS) & set(UNSCORED)
    assert JUDGED == {"gpt_4o_as_judge", "ascii_art_gpt4o_judge", "nli_entailment"}
    assert len(METRICS) + len(UNSCORED) == 50


@pytest.mark.parametrize(
    "metric, said, truth, score",
    [
        (texts.exact, "(B) because", "B", 1.0),
        (texts.exact, "Bern", "Basel", 0.0),
        (texts.exact_any_case, "yes", "YES", 1.0),
        (texts.simple, "New-York.", "new york", 1.0),
        (texts.code_result, "a\nb", "```\na\nb\n```", 1.0),
        (texts.near, "The café", "cafe", 1.0),
        (texts.near, "tree", "house", 0.0),
        (texts.similarity, "abcd", "abdc", 0.75),
        (texts.any_reference, "car", "['auto', 'Car']", 1.0),
        (texts.positive_integer, "3", "3", 1.0),
        (texts.positive_integer, "0", "0", None),
        (texts.relative_difference, "9", "10", 0.9),
        (texts.number, "x = 3.14", "\\pi", 1.0),
        (texts.number, "\\frac{1}{2}", "0.5", 1.0),
        (texts.number, "101", "100", 1.0),
        (texts.number, "102", "100", 0.0),
        (texts.boxed_number, "so \\boxed{7}", "\\boxed{7.0}", 1.0),
        (texts.formula, "x^2+1", "1+x^2", 1.0),
        (texts.text_and_formula, "the area is $2x$", "the area is $x+x$", 1.0),
        (collections.same_set, "[1, 2]", "{2, 1}", 1.0),
        (collections.same_set_any_case, "a, B", "['b', 'A']", 1.0),
        (collections.same_lines, "a\nB", "b\na", 1.0),
        (collections.precision, "['a', 'b']", "['a']", 0.5),
        (collections.jaccard, "['a', 'b']", "['b', 'c']", 1 / 3),
        (collections.chess_moves, '["Qh5#"]', "['Qh5']", 1.0),
        (collections.same_sequence, "[1, 2]", "[2, 1]", 0.0),
        (collections.sequence_accuracy, "['a', 'x']", "['A', 'b']", 0.5),
        (collections.common_prefix, "[1, 2, 9]", "[1, 2, 3, 4]", 0.5),
        (collections.same_dict, '{"a": 1}', "{'a': 1}", 1.0),
        (collections.dict_precision, {"a": "1", "b": "2"}, {"a": "1"}, 0.5),
        (collections.dict_recall, {"a": "1"}, {"a": "1", "b": "2"}, 0.5),
        (collections.dict_jaccard, {"a": [1]}, {"a": [1], "b": [2]}, 0.5),
        (places.overlap, "[0, 0, 1, 1]", "(0, 0, 1, 0.5)", 0.5),
        (places.best_overlaps, "[[0, 0, 1, 1], [0, 0, 1, 0.5]]", "[[0, 0, 1, 1]]", 0.75),
        (places.overlaps_in_order, "[[0, 0, 1, 1]]", "[[0, 0, 1, 1], [0, 0, 1, 1]]", 0.0),
        (places.tagged_overlap, "<box>0, 0, 1, 1</box>", "<box>0, 0, 1, 1</box>", 1.0),
        (places.point_distance, "<point>0.5, 0.5</point>", "<point>0.5, 0.25</point>", 0.75),
        (places.point_in_boxes, "<point>0.5, 0.5</point>", ["(0, 0, 1, 1)"], 1.0),
        (places.key_points, "[[0, 0]]", "[[0, 0]]", 1.0),
        (places.error_of_number, "0.55", "0.5", 0.5),
        (places.error_of_angles, "[10, 20]", "[15, 25]", 0.5),
    ],
)
def test_metrics_of_mega_bench(metric, said, truth, score):
    assert metric(said, truth) == (score if score is None else pytest.approx(score))


def test_answers_are_read_behind_the_mark_in_a_tag_or_a_box():
    assert marked_answer("thoughts\nAnswer: 6") == "6"
    assert marked_answer("Answer: 1\n**Answer: 2**") == "2"
    assert marked_answer("<answer>B</answer>") == marked_answer("so \\boxed{B}") == "B"
    assert marked_answer("no mark") is None
    assert answer_text("```\nx\ny\n```", one_line=False) == "x\ny"
    assert answer_text("B\n\nfor this reason", one_line=True) == "B"
    assert answer_fields('```json\n{"a": 1}\n```') == {"a": 1}
    assert answer_fields("first {'a': 2} then") == {"a": 2}
    assert answer_fields("{" * 5000) is None


def test_fields_are_averaged_by_weight_or_the_smallest_counts():
    task = {
        "fields": {"a": "exact_str_match", "b": "exact_str_match"},
        "weights": {"a": 3, "b": 1},
        "aggregation": "mean",
        "parser": "json",
        "truth": {"a": "x", "b": "y"},
        "context": {},
    }
    reply = 'Answer: {"a": "x", "b": "z"}'
    assert rules.published([reply], scoring=[json.dumps(task)]) == [0.75]
    assert rules.strict([reply], scoring=[json.dumps(task | {"aggregation": "min"})]) == [0.0]
    assert rules.strict(['{"a": "x", "b": "y"}'], scoring=[json.dumps(task)]) == [None]
    assert rules.published(['{"a": "x", "b": "y"}'], scoring=[json.dumps(task)]) == [1.0]
    judged = task | {"fields": {"a": "gpt_4o_as_judge"}}
    assert rules.published([reply], scoring=[json.dumps(judged)]) == [None]
