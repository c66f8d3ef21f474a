"""VideoChat-R1's rewards, scorers and data."""

import io
import json
import time

import pytest
from PIL import Image

from rlvr.data.facts import facts
from rlvr.data.ingest import ingest
from rlvr.data.load import raw_rows
from rlvr.data.rows import read, row_id, write
from rlvr.datasets import activity_net, charades_sta, clips, got_10k, motion_jpeg, next_gqa, vidtab_quality
from rlvr.report.gallery import thumbnail
from rlvr.rewards import glue_spans, grounding_format, label_text, option_letter, time_span, tracked_boxes
from rlvr.rl.video import sample_frames, shrunk, stills
from rlvr.scoring import video_answers

SOURCES = [
    charades_sta.TRAIN,
    charades_sta.TEST,
    activity_net.VAL_2,
    next_gqa.VAL,
    next_gqa.TEST,
    got_10k.TRAIN,
    got_10k.VAL,
    vidtab_quality.TRAIN,
    vidtab_quality.TEST,
]

TRUTH = {
    "span_seconds": [10.0, 20.0],
    "glue": [[10.0, 20.0]],
    "answer": "(C)",
    "boxes": [[0, 0, 0.5, 1]] * 8,
}

REWARDS = [
    time_span.iou,
    time_span.iou_ordered,
    time_span.strict,
    glue_spans.iou,
    glue_spans.strict,
    option_letter.first_capital,
    option_letter.strict,
    tracked_boxes.iou,
    tracked_boxes.strict,
    tracked_boxes.format,
    grounding_format.think_answer,
    grounding_format.think_answer_glue,
    grounding_format.answer_glue,
    grounding_format.pad,
    label_text.same_label,
]

PIECES = ("<answer>", "</answer>", "<glue>", "9", "[", "(", "-", "9 to ", "1.", ". to ", "(1,2),", "</answer> <glue>")


def one(reward, text, **truth):
    return reward([text], **{name: [value] for name, value in (TRUTH | truth).items()})[0]


@pytest.mark.parametrize("reward", REWARDS, ids=lambda reward: f"{reward.__module__}.{reward.__name__}")
def test_hostile_text_is_scored_in_no_time(reward):
    for piece in PIECES:
        many = piece * (100_000 // len(piece))
        for text in (many, f"<answer>{many}</answer>", f"<glue>[{many}]</glue>", f"<answer>{many[:16_000]}</answer>"):
            started = time.perf_counter()
            score = one(reward, text)
            assert time.perf_counter() - started < 1, text[:40]
            assert score is None or 0 <= score <= 1


@pytest.mark.parametrize(
    ("text", "iou", "ordered", "strict"),
    [
        ("<answer>12.00 to 20.00</answer>", 0.8, 0.8, 0.8),
        ("<answer>0 to 1</answer> <answer>5 TO 15 s</answer>", 1 / 3, 1 / 3, 0),
        ("<answer>10 to 20 to 30</answer>", 1, 1, 0),
        ("<answer>20 to 12</answer>", 0, 0, 0),
        ("10 to 20", 0, 0, 0),
        ("<answer>10  to 20</answer>", 0, 0, 0),
    ],
)
def test_spans(text, iou, ordered, strict):
    given = [one(reward, text) for reward in (time_span.iou, time_span.iou_ordered, time_span.strict)]
    assert given == pytest.approx([iou, ordered, strict])


def test_a_span_without_length_does_not_take_the_score_of_another():
    texts = ["<answer>10 to 20</answer>", "<answer>15 to 15</answer>"]
    truths = [[10, 20], [15, 15]]
    assert time_span.iou(texts, span_seconds=truths) == [1, None]
    assert time_span.iou_ordered(texts, span_seconds=truths) == [1, 1]


def test_moments_are_merged():
    truth = [[0, 4], [10, 20]]
    assert one(glue_spans.iou, "<glue>[(0, 4), (12, 20), (10, 13)]</glue>", glue=truth) == 1
    assert one(glue_spans.iou, "<glue>[]</glue>") == 0
    assert one(glue_spans.iou, "<glue>[]</glue>", glue=[]) == 1
    assert one(glue_spans.strict, "<glue>[]</glue>", glue=[]) == 0
    assert one(glue_spans.iou, "<glue>[(20, 10)]</glue>") == 0


def test_letters():
    assert one(option_letter.first_capital, "<answer>The answer is C</answer>") == 1
    assert one(option_letter.first_capital, "<answer>Best answer: C</answer>") == 0
    assert one(option_letter.strict, "<answer>The answer is C</answer>") == 0
    assert one(option_letter.strict, "<answer>C</answer>") == one(option_letter.strict, "<answer>(C)</answer>") == 1


def test_boxes():
    half = json.dumps([[0, 0, 0.5, 1]] * 4 + [[0.5, 0, 1, 1]] * 4)
    assert one(tracked_boxes.iou, f"<answer>{half}</answer>") == 0.5
    assert one(tracked_boxes.format, f"<think></think><answer>{half}</answer>") == 1
    everywhere = json.dumps([[0, 0, 1e999, 1]] * 8).replace("Infinity", "1e999")
    assert one(tracked_boxes.iou, f"<answer>{everywhere}</answer>") == 0
    assert one(tracked_boxes.iou, "<answer>" + str([["0"] * 4] * 8) + "</answer>") == 0
    outside = f"<answer>{[[-0.1, 0, 0.5, 1]] * 8}</answer>"
    assert one(tracked_boxes.iou, outside) > 0.8
    assert one(tracked_boxes.strict, outside) == 0


@pytest.mark.parametrize(
    ("letter", "moments", "by_published", "by_strict"),
    [
        ("(C)", "[(14, 18)]", 1, 1),
        ("(C)", "[(10, 12), (14, 18)]", 1, 1),  # two thirds of the given moments lie in the true one
        ("(C)", "[(0, 12), (14, 18)]", 0, 0),
        ("(D)", "[(14, 18)]", 0, 0),
        ("(C)", "[]", 0, 0),
        ("(C)", "[(14, 18)]</glue><glue>[(14, 18)]", 1, 0),
        ("", "[(14, 18)]", None, None),
    ],
)
def test_answers_must_be_right_and_grounded(letter, moments, by_published, by_strict):
    text = [f"<answer>{letter}</answer><glue>{moments}</glue>"]
    truth = {"answer": ["(C)"], "glue": [[[13.8, 29.8]]]}
    assert video_answers.joint_published(text, **truth) == [by_published]
    assert video_answers.joint_strict(text, **truth) == [by_strict]


def test_scorers_tell_unread_from_wrong():
    assert one(video_answers.span_published, "it is 10 to 20, <answer>here</answer>") == 1
    assert one(video_answers.span_strict, "it is 10 to 20, <answer>here</answer>") is None
    assert one(video_answers.recall_published, "15 to 20") == 1
    assert one(video_answers.recall_published, "16 to 20") == 0
    assert one(video_answers.moments_published, "<glue>10</glue>") is None
    assert one(video_answers.letter_published, "<answer>none</answer>") is None
    assert one(video_answers.letter_strict, "<answer>(D)</answer>") == 0
    assert one(video_answers.boxes_published, "<answer>[]</answer>") is None
    assert one(video_answers.label_published, "<answer> High </answer>", answer="high") == 1


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_synthetic_rows_have_the_upstream_columns_and_are_reproducible(source):
    first = list(source.synthetic(6, 3))
    assert first == list(source.synthetic(6, 3)) != list(source.synthetic(6, 4))
    assert all(set(source.columns) <= set(row) for row in first)
    for raw in first:
        fields = source.convert(raw)
        assert sample_frames(fields["video"], 2.0, 32).pictures[0].size == (clips.WIDTH_PX, clips.HEIGHT_PX)


def test_training_and_test_clips_do_not_meet():
    parts = [{row_id(source.convert(raw)) for raw in source.synthetic(40, 0)} for source in SOURCES]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 40 * len(SOURCES)


def test_a_clip_shows_its_ball_in_its_span():
    for clip in clips.balls(20, "any"):
        frames = [motion_jpeg.jpeg(picture) for picture in sample_frames(clip.video, 1.0, 32).pictures]
        shown = [second for second, there in enumerate(clips.seen(frames, clip.colour)) if there]
        assert shown == list(range(clip.start_seconds, clip.end_seconds))


def test_demonstrations_are_careless_in_some_rows_and_golds_score_in_full():
    tasks = [
        (charades_sta.TRAIN, time_span.iou),
        (next_gqa.VAL, glue_spans.iou),
        (got_10k.TRAIN, tracked_boxes.iou),
        (vidtab_quality.TRAIN, label_text.same_label),
    ]
    for source, reward in tasks:
        scores = []
        for raw in source.synthetic(200, 0):
            fields = source.convert(raw)
            fields["row_id"] = row_id(fields)
            truth = {**fields, **json.loads(fields.get("extra") or "{}")}
            scores.append(one(reward, source.demonstrate(fields), **truth))
            if source.gold:
                right, wrong = source.gold(fields)
                assert (one(reward, right, **truth), one(reward, wrong, **truth)) == (1, 0)
        assert 0.3 < sum(score == 1 for score in scores) / len(scores) < 0.8, source.name


def test_charades_is_read_from_a_folder(tmp_path):
    clip = next(clips.balls(1, "any")).video
    (tmp_path / "Charades_v1_480").mkdir()
    (tmp_path / "Charades_v1_480" / "AO8RW.mp4").write_bytes(clip)
    entry = {"duration": 33.67, "timestamps": [[0.0, 6.9], [8.0, 7.0]], "sentences": ["A person Sits.", "they eat"]}
    (tmp_path / "train.json").write_text(json.dumps({"AO8RW": entry}))
    rows = list(raw_rows(_at(charades_sta.TRAIN, tmp_path), seed=0))
    assert rows[0]["video"] == {"bytes": clip, "path": "Charades_v1_480/AO8RW.mp4"}
    fields = charades_sta.convert(rows[0])
    assert (fields["prompt"], fields["span_seconds"], fields["answer"]) == ("a person sits", [0.0, 6.9], "0.0 to 6.9")
    assert len(rows) == 2


def test_got_frames_are_read_from_a_folder(tmp_path):
    assert got_10k.loaded(100) == [0, 16, 33, 49, 66, 82, 99]
    (tmp_path / "GOT-10k_Val_000001").mkdir()
    for number in range(14):
        frame = motion_jpeg.jpeg(Image.new("RGB", (56, 28), (18 * number, 0, 0)))
        (tmp_path / "GOT-10k_Val_000001" / f"{number + 1:08}.jpg").write_bytes(frame)
    entry = {"path": "/cluster/val/GOT-10k_Val_000001", "object": "bear", "gt": [[0, 0, 0.5, 1]] * 8}
    (tmp_path / "got_val.json").write_text(json.dumps([entry]))
    (raw,) = raw_rows(_at(got_10k.VAL, tmp_path), seed=0)
    fields = got_10k.convert(raw)
    assert fields["prompt"] == "bear, at first in [0,0,.5,1]"
    seen = sample_frames(fields["video"], got_10k.FRAMES_PER_SECOND, 768)
    reds = [picture.getpixel((20, 10))[0] for picture in seen.pictures]
    assert reds == pytest.approx([18 * number for number in (0, 2, 4, 6, 8, 10, 13)], abs=6)


def test_next_gqa_is_read_from_a_folder(tmp_path):
    (raw,) = next_gqa.synthetic_val(1, 0)
    (tmp_path / "1164").mkdir()
    (tmp_path / "1164" / "32.mp4").write_bytes(raw["video"])
    (tmp_path / "nextgqa_val.json").write_text(json.dumps([raw | {"video": "1164/32.mp4"}]))
    assert [row["video"]["bytes"] for row in raw_rows(_at(next_gqa.VAL, tmp_path), seed=0)] == [raw["video"]]


def test_video_rows_pass_ingest_and_a_damaged_video_is_noticed(tmp_path):
    from dataclasses import replace

    from rlvr.canonical import plain

    source = replace(charades_sta.TRAIN, location="synthetic", limit=4)
    ingest(sources=[{"task": "temporal_grounding", "source": plain(source)}], seed=0, out=tmp_path / "rows")
    rows = read(tmp_path / "rows")
    assert facts(tmp_path / "rows")["decodable"].to_pylist() == [True] * 4
    write([{**rows[0], "video": rows[0]["video"][:200]}], tmp_path / "damaged")
    table = facts(tmp_path / "damaged")
    assert table["decodable"].to_pylist() == [False]
    assert "not a video" in table["error"].to_pylist()[0]


def test_frames_of_a_video_are_shrunk_and_shown():
    clip = next(clips.balls(1, "any")).video
    frames = sample_frames(clip, 1.0, 32)
    small = shrunk(frames, 8 * 28 * 14)
    assert {picture.size for picture in small.pictures} == {(28, 14)}
    assert shrunk(frames, 10**9) is frames
    shown = stills(clip, 3)
    assert len(shown) == 3
    assert Image.open(io.BytesIO(shown[0])).size == (clips.WIDTH_PX, clips.HEIGHT_PX)
    assert thumbnail(shown[0])["width"] == clips.WIDTH_PX
    assert stills(b"no video", 3) == []


def _at(source, folder):
    from dataclasses import replace

    return replace(source, location=str(folder))
