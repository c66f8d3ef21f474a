"""Rows are compared with each other a part at a time: what stands in different parts is found all the same."""

import numpy as np
import pyarrow as pa

from rlvr.data.relations import _groups, _repeated_pictures

ROWS = 25_000
"""Several parts of one chunk."""


def test_a_picture_of_another_part_is_found_and_one_shown_twice_by_a_row_is_not_repeated():
    shown = [[f"p{row}"] + ([] if row % 3 else [f"q{row}"]) for row in range(ROWS)]
    shown[24_000], shown[7], shown[9] = ["p5", "x"], ["y", "y"], []
    for chunks in (1, 7):
        step = -(-ROWS // chunks)
        parts = [pa.array(shown[at : at + step], pa.list_(pa.string())) for at in range(0, ROWS, step)]
        table = pa.table({"picture_digests": pa.chunked_array(parts)})
        assert np.flatnonzero(_repeated_pictures(table)).tolist() == [5, 24_000]


def test_equal_texts_of_different_parts_are_one_group_and_no_text_is_a_group_of_its_own():
    texts = [None if row in (3, 20_001) else str(row % 20_000) for row in range(ROWS)]
    groups = _groups(pa.table({"text": texts}), "text").tolist()
    assert groups[3] == groups[20_001] != groups[1] and groups[2] == groups[20_002]
    assert len(set(groups)) == 20_001


def test_the_order_of_columns_tells_groups_apart():
    table = pa.table({"one": ["a", "b", "a"], "other": ["b", "a", "b"]})
    first, second, third = _groups(table, "one", "other").tolist()
    assert first == third != second
