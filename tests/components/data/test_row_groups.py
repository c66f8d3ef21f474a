"""Row groups: many rows where they are small, and never more than readers can hold where they are large."""

import pyarrow.parquet as pq
import pytest

from rlvr.data import rows as row_files
from rlvr.data.rows import GROUP_BYTES, LEAST_ROWS, MOST_ROWS


def sizes(folder, count, **shown):
    made = {"source": "s", "task": "t", "images": [], "prompt": "", "answer": "", "answer_kind": "text", **shown}
    assert row_files.write(({**made, "row_id": str(number)} for number in range(count)), folder) == count
    assert [row["row_id"] for row in row_files.stream(folder)] == [str(number) for number in range(count)]
    groups = pq.ParquetFile(folder / row_files.FILE).metadata
    return [groups.row_group(number).num_rows for number in range(groups.num_row_groups)]


@pytest.mark.parametrize(
    ("shown", "rows"),
    [
        ({}, MOST_ROWS),
        ({"images": [b"x" * 100]}, MOST_ROWS),
        ({"images": [b"x" * (GROUP_BYTES // 200 + 1)] * 2}, 100),
        ({"video": b"x" * (GROUP_BYTES // 100 + 1)}, 100),
        ({"images": [b"x" * 2**18]}, LEAST_ROWS),
    ],
    ids=["text", "small pictures", "pictures", "videos", "large pictures"],
)
def test_a_group_has_as_many_rows_as_their_size_allows(tmp_path, shown, rows):
    assert sizes(tmp_path, rows + 3, **shown) == [rows, 3]


def test_no_rows_are_a_file_all_the_same(tmp_path):
    assert sizes(tmp_path, 0) == []
