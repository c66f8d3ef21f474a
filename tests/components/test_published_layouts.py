"""Every benchmark's source that reads its publisher's own layout does so: rows written in that layout come back."""

import importlib
import inspect
import json
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from every_benchmark import BENCHMARKS
from rlvr.data.load import raw_rows
from rlvr.datasets import dream_1k, mv_bench
from rlvr.errors import RlvrError

SOURCES = {
    benchmark.source.name: benchmark.source for benchmark in BENCHMARKS.values() if benchmark.source.read is not None
}

FILES = {
    "clevr_math_test": "test_jsons/Visual-Counting-id-test-1k.json",
    "super_clevr": "test_jsons/Visual-Counting-ood-test-1k.json",
    "geo_math_test": "test_jsons/Structure-Perception-id-test-820.json",
    "geometry3k_reason_rft": "test_jsons/Structure-Perception-ood-test-800.json",
    "trance_test": "test_jsons/Spatial-Transformation-id-test-1k.json",
    "trance_left": "test_jsons/Spatial-Transformation-ood-left-test-1k.json",
    "trance_right": "test_jsons/Spatial-Transformation-ood-right-test-1k.json",
    "curr_reft_math_test": "grpo_data/test/math_math_test.jsonl",
    "curr_reft_classify_test": "grpo_data/test/classify_v2_coco_test.jsonl",
    "curr_reft_detection_test": "grpo_data/test/detection_coco_test.jsonl",
    "curr_reft_refgta": "grpo_data/test/refgta_subsample_resize.json",
    "curr_reft_voc": "grpo_data/test/classify_pascal_voc_test.jsonl",
    "curr_reft_superclevr": "grpo_data/test/superclevr_test200_counting_problems.jsonl",
    "refcoco_val": "rec_jsons_processed/refcoco_val.json",
    "refcoco_val_per_mille": "rec_jsons_processed/refcoco_val.json",
    "refcoco_plus_val": "rec_jsons_processed/refcocop_val.json",
    "refcocog_val": "rec_jsons_processed/refcocog_val.json",
    "refgta": "rec_jsons_processed/refgta_subsample.json",
    "lisa_grounding": "rec_jsons_processed/lisa_test.json",
    "vlm_r1_jsonl_test": "rows.jsonl",
    "next_gqa_test": "nextgqa_test.json",
    "vidtab_quality_test": "test.json",
}
"""Sources whose files hold their rows as they are, with the paths of pictures and videos."""


def apart(value, folder, name):
    """`value` with its pictures and videos written beside the file, whose paths stand in their place."""
    if isinstance(value, dict) and set(value) == {"bytes", "path"}:
        value = value["bytes"]
    if isinstance(value, dict):
        return {key: apart(item, folder, f"{name}_{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [apart(item, folder, f"{name}_{number}") for number, item in enumerate(value)]
    if isinstance(value, bytes):
        path = f"media/{name}.{'avi' if value.startswith(b'RIFF') else 'png'}"
        (folder / "media").mkdir(exist_ok=True)
        (folder / path).write_bytes(value)
        return path
    return value


def as_rows(folder, raws, file):
    rows = [apart(raw, folder, f"r{number}") for number, raw in enumerate(raws)]
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(json.dumps, rows)) if path.suffix == ".jsonl" else json.dumps(rows))


def by_video(file, videos):
    """A list of queries by video, as Charades-STA has it; each synthetic row is a video with one query."""

    def write(folder, raws):
        (folder / videos).mkdir()
        entries = {}
        for number, raw in enumerate(raws):
            (folder / videos / f"v{number}.mp4").write_bytes(raw["video"])
            entries[f"v{number}"] = {
                "duration": raw["duration"], "timestamps": [raw["timestamp"]], "sentences": [raw["sentence"]],
            }  # fmt: skip
        (folder / file).write_text(json.dumps(entries))

    return write


def parquet(file):
    def write(folder, raws):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(raws), folder / file)

    return write


def videos_beside(file, column, place):
    def write(folder, raws):
        (folder / place).mkdir()
        for raw in raws:
            (folder / place / f"{raw[column]}.mp4").write_bytes(raw.pop("video"))
        parquet(file)(folder, raws)

    return write


def class_list(name):
    """A list of pictures with their labels, beside the names of the classes."""

    def write(folder, raws):
        classes = {raw["label"]: raw["category"] for raw in raws}
        (folder / name).mkdir()
        listed = []
        for number, raw in enumerate(raws):
            (folder / name / f"{number}.jpg").write_bytes(raw["image"])
            listed.append({f"/elsewhere/{name}/{number}.jpg": {"label": raw["label"]}})
        (folder / f"{name}.json").write_text(json.dumps(listed))
        lines = [classes.get(number, f"class {number}") for number in range(max(classes) + 1)]
        (folder / f"{name}.txt").write_text("\n".join(lines))

    return write


def detection(file, exist_map, pictures):
    """COCO's lists, and the map of the categories that a model says it sees."""

    def write(folder, raws):
        ids = {raw["category"]: raw["category_id"] for raw in raws}
        images, annotations, claimed = {}, [], {}
        (folder / pictures).mkdir(parents=True)
        for raw in raws:
            number, name = raw["image_id"], f"{raw['image_id']:012}.jpg"
            (folder / pictures / name).write_bytes(raw["image"])
            sizes = {"width": raw["width"], "height": raw["height"]}
            images.setdefault(number, {"id": number, **sizes, **written(name)})
            if "checked" in raw:
                marks = {} if raw["exhaustive"] else {"not_exhaustive_category_ids": [raw["category_id"]]}
                images[number] |= {"neg_category_ids": [], **marks}
            claimed.setdefault(str(number), []).append(raw["category"])
            annotations += [
                {"image_id": number, "category_id": raw["category_id"], "bbox": box} for box in raw["boxes"]
            ]
        categories = [{"id": number, "name": name} for name, number in ids.items()]
        data = {"images": list(images.values()), "categories": categories, "annotations": annotations}
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(json.dumps(data))
        (folder / exist_map).write_text(json.dumps(claimed))

    def written(name):
        lvis = {"coco_url": f"http://images.cocodataset.org/{pictures}/{name}"}
        return lvis if file.startswith("lvis") else {"file_name": name}

    return write


def mv_bench_folder(folder, raws):
    (folder / "json").mkdir()
    entries = {kind: [] for kind in mv_bench.FOLDERS}
    for number, raw in enumerate(raws):
        kind, video = raw.pop("kind"), raw.pop("video")
        place = folder / mv_bench.FOLDERS[kind]
        place.mkdir(parents=True, exist_ok=True)
        cut = "segment" in place.name
        (place / f"v{number}{'_1.5_7.25' if cut else ''}.mp4").write_bytes(video)
        entries[kind].append({**raw, "video": f"v{number}.mp4", **({"start": 1.5, "end": 7.25} if cut else {})})
    for kind, listed in entries.items():
        (folder / "json" / f"{kind}.json").write_text(json.dumps(listed))


def dream_folder(folder, raws):
    (folder / "video").mkdir()
    (folder / "json").mkdir()
    for raw in raws:
        (folder / raw["video_file"]).write_bytes(raw.pop("video"))
    (folder / "json" / "metadata.json").write_text("\n".join(map(json.dumps, raws)))


def mega(part):
    def write(folder, raws):
        with zipfile.ZipFile(folder / "data.zip", "w") as archive:
            for number, raw in enumerate(raws, start=1):
                for picture in raw.pop("pictures"):
                    archive.writestr(f"data/{number}.png", picture)
        parquet(f"{part}/test-00000-of-00001.parquet")(folder, raws)

    return write


LVIS = "lvis_v1_val.json", "exist_map_lvis_Qwen2_vl_2B_baseline.json", "train2017"
COCO = "annotations/instances_val2017.json", "exist_map_coco_Qwen2_vl_2B_baseline.json", "val2017"

LAYOUTS = {
    **{name: (lambda folder, raws, file=file: as_rows(folder, raws, file)) for name, file in FILES.items()},
    "activity_net_val_2": by_video("val_2.json", "videos"),
    "charades_sta_test": by_video("val.json", "Charades_v1_480"),
    "refcoco_test_a": parquet("data/testA-00000-of-00001.parquet"),
    "refcoco_plus_test_a": parquet("data/testA-00000-of-00001.parquet"),
    "refcoco_test_b": parquet("data/testB-00000-of-00001.parquet"),
    "refcoco_plus_test_b": parquet("data/testB-00000-of-00001.parquet"),
    "refcocog_test": parquet("data/test-00000-of-00001.parquet"),
    "flower102_test": class_list("oxford_flowers"),
    "fgvc_aircraft_test": class_list("fgvc_aircraft"),
    "cars196_test": class_list("stanford_cars"),
    "pets37_test": class_list("pets"),
    "coco_val_8_categories": detection(*COCO),
    "coco_val_15_novel": detection(*COCO),
    "lvis_val_6_rare": detection(*LVIS),
    "lvis_val_13_rare": detection(*LVIS),
    "mv_bench": mv_bench_folder,
    "long_video_bench_validation": videos_beside("validation-00000-of-00001.parquet", "video_id", "videos"),
    "dream_1k": dream_folder,
    "mega_bench_open": mega("open"),
}
"""Source -> a function that writes its synthetic rows to a folder as the publisher does."""

ELSEWHERE = {
    "coco_filtered": "test_vlm_r1_datasets.test_ovdeval_and_coco_annotations_become_a_row_a_picture",
    "ovdeval": "test_vlm_r1_datasets.test_ovdeval_and_coco_annotations_become_a_row_a_picture",
    "got_10k_val": "test_video_rows.test_got_frames_are_read_from_a_folder",
    "mega_bench_core": "test_benchmark_layouts.test_mega_bench_joins_media_and_leaves_judged_rows_and_videos_out",
    "next_qa_test": "test_benchmark_layouts.test_next_qa_finds_the_videos_by_their_numbers",
    "perception_test_validation": "test_benchmark_layouts.test_videos_lie_where_the_publisher_packs_them",
    "video_mme_short": "test_benchmark_layouts.test_videos_lie_where_the_publisher_packs_them",
    "video_mmmu": "test_benchmark_layouts.test_lectures_are_found_in_the_folders_of_their_fields",
    "reason_seg_test": "test_virft.test_reason_seg_is_read_from_lisas_folder",
    "reason_seg_val": "test_virft.test_reason_seg_is_read_from_lisas_folder",
    "vsr_random_test": "test_benchmark_layouts.test_vsr_joins_captions_with_pictures_in_an_archive",
    "vsr_zero_shot_test": "test_benchmark_layouts.test_vsr_joins_captions_with_pictures_in_an_archive",
    **{
        f"ovdeval_{part}": "test_benchmark_layouts.test_ovdeval_is_read_one_part_at_a_time"
        for part in (
            *("celebrity", "logo", "landmark", "color"),
            *("material", "position", "relationship", "negation"),
        )
    },
}
"""Source -> the test of its own that reads it."""


def test_every_layout_has_a_loader_test():
    assert LAYOUTS.keys() & ELSEWHERE.keys() == set()
    assert LAYOUTS.keys() | ELSEWHERE.keys() == SOURCES.keys()
    sys.path.insert(0, str(Path(__file__).parent))
    try:
        for name, test in ELSEWHERE.items():
            module, _, function = test.partition(".")
            written = inspect.getsource(getattr(importlib.import_module(module), function))
            assert SOURCES[name].read.__module__.rpartition(".")[2] in written, name
    finally:
        sys.path.pop(0)


@pytest.mark.parametrize("name", LAYOUTS)
def test_rows_come_back_from_the_publishers_layout(name, tmp_path):
    source = SOURCES[name]
    LAYOUTS[name](tmp_path, list(source.synthetic(3, 5)))
    raws = list(raw_rows(replace(source, location=str(tmp_path), limit=None), 0))
    keys = ("prompt", "answer", "answer_kind", "boxes_xyxy_px", "span_seconds", "extra")
    drawn = [source.convert(raw) for raw in source.synthetic(3, 5)]
    read = [source.convert(raw) for raw in raws]
    assert sorted(str([row.get(key) for key in keys]) for row in read) == sorted(
        str([row.get(key) for key in keys]) for row in drawn
    )
    media = [len(row["images"]) + bool(row.get("video")) for row in read]
    assert media == [len(row["images"]) + bool(row.get("video")) for row in drawn]


def test_what_is_missing_from_a_layout_is_named(tmp_path):
    with pytest.raises(RlvrError, match="no json/\\*.json; put MVBench"):
        list(raw_rows(replace(mv_bench.TEST, location=str(tmp_path)), 0))
    with pytest.raises(RlvrError, match="metadata.json' cannot be read"):
        list(raw_rows(replace(dream_1k.TEST, location=str(tmp_path)), 0))
    mv_bench_folder(tmp_path, list(mv_bench.synthetic(3, 1)))
    next((tmp_path / "sta" / "sta_video_segment").iterdir()).unlink()
    with pytest.raises(RlvrError, match="sta_video_segment/v2_1.5_7.25.mp4"):
        list(raw_rows(replace(mv_bench.TEST, location=str(tmp_path)), 0))
    with pytest.raises(RlvrError, match="none of the candidates"):
        mv_bench.convert({**next(mv_bench.synthetic(1, 1)), "answer": "pink"})


def test_events_are_read_in_any_form():
    assert dream_1k.events_of('["a", "b"]') == dream_1k.events_of("['a', 'b']") == dream_1k.events_of(["a", "b"])
    for written in ("nothing", "[1]", 3, None, "[" * 100_000, "__import__('os')"):
        with pytest.raises(RlvrError, match="no list of texts"):
            dream_1k.events_of(written)
