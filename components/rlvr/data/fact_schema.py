"""The columns of the table of facts, which checks may name."""

import pyarrow as pa

SCHEMA = pa.schema(
    [
        pa.field("position", pa.int64()),
        pa.field("row_id", pa.string()),
        pa.field("task", pa.string()),
        pa.field("source", pa.string()),
        pa.field("licence", pa.string()),
        pa.field("absent", pa.string()),
        pa.field("decodable", pa.bool_()),
        pa.field("pictures", pa.int64()),
        pa.field("file_bytes", pa.int64()),
        pa.field("file_digests", pa.list_(pa.string())),
        pa.field("width_px", pa.int64()),
        pa.field("height_px", pa.int64()),
        pa.field("min_side_px", pa.int64()),
        pa.field("aspect_ratio", pa.float64()),
        pa.field("pixel_digest", pa.string()),
        pa.field("picture_digests", pa.list_(pa.string())),
        pa.field("picture_hashes", pa.list_(pa.uint64())),
        pa.field("question_digest", pa.string()),
        pa.field("prompt_characters", pa.int64()),
        pa.field("prompt_empty", pa.bool_()),
        pa.field("picture_tokens", pa.int64()),
        pa.field("prompt_tokens", pa.int64()),
        pa.field("excess_tokens", pa.int64()),
        pa.field("placeholder", pa.string()),
        pa.field("placeholders", pa.int64()),
        pa.field("mojibake", pa.string()),
        pa.field("control_characters", pa.string()),
        pa.field("mixed_scripts", pa.string()),
        pa.field("answer_kind", pa.string()),
        pa.field("answer_empty", pa.bool_()),
        pa.field("answer_characters", pa.int64()),
        pa.field("answer_digest", pa.string()),
        pa.field("answer_key", pa.string()),
        pa.field("parsed_answer", pa.string()),
        pa.field("boxes", pa.int64()),
        pa.field("box_fault", pa.string()),
        pa.field("box_whole", pa.bool_()),
        pa.field("span_fault", pa.string()),
        pa.field("span_beyond_seconds", pa.float64()),
        pa.field("options", pa.int64()),
        pa.field("options_distinct", pa.bool_()),
        pa.field("option_index", pa.int64()),
        pa.field("option_missing", pa.bool_()),
        pa.field("scores", pa.string()),
        pa.field("gold_score", pa.float64()),
        pa.field("wrong_score", pa.float64()),
        pa.field("duplicate", pa.bool_()),
        pa.field("conflicting", pa.bool_()),
        pa.field("picture_repeated", pa.bool_()),
        pa.field("near_copy", pa.bool_()),
        pa.field("error", pa.string()),
    ]
)
"""Arrow schema; null means that there is nothing to measure, and such rows are not judged.

`width_px` and its neighbours are the smallest picture's; `file_digests` are SHA-256 of encoded pictures, then the
video's; `picture_hashes` one perceptual hash a picture, null where it cannot be decoded; `answer_key` is the answer
without differences of width and case, in 64 characters (long ones end with their digest); `scores` JSON of component ->
[right, wrong]; `option_index` the place of the answer among `options` many; `near_copy` whether an earlier row shows a
re-encoded or resized copy with the same question."""
