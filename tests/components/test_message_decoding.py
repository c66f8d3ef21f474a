import io
import json
import string

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from rlvr.data.ingest import ingest
from rlvr.data.rows import read, row_id
from rlvr.datasets import frequent_words, mapping_picture
from rlvr.datasets import message_decoding as messages
from rlvr.rewards import message_decoding as rewards
from rlvr.scoring import decoded_word

SOURCES = [messages.WORDS_TRAIN, messages.WORDS_TEST, messages.SEQUENCES_TRAIN, messages.SEQUENCES_TEST]
FEW = [
    messages.few_letters_words_train,
    messages.few_letters_words_test,
    messages.few_letters_sequences_train,
    messages.few_letters_sequences_test,
]


def as_row(raw):
    row = messages.convert(raw)
    return {**row, "row_id": row_id({**row})}


def picture(raw):
    return np.asarray(Image.open(io.BytesIO(raw["image"])).convert("L"))


@pytest.mark.parametrize("synthetic", [*(source.synthetic for source in SOURCES), *FEW])
def test_messages_are_coded_by_their_own_mapping(synthetic):
    assert list(synthetic(3, 5)) == list(synthetic(3, 5)) != list(synthetic(3, 6))
    for raw in synthetic(6, 0):
        assert {"messages", "coded_message", "mapping", "decoded_message", "image"} <= set(raw)
        assert sorted(raw["mapping"]) == sorted(raw["mapping"].values())
        decoded = "".join({"_": " ", **raw["mapping"]}[letter] for letter in raw["coded_message"].split())
        assert decoded == raw["decoded_message"]
        assert raw["messages"][0]["content"][0] == {"type": "image", "image": "IMAGE_PLACEHOLDER"}


def test_words_are_upper_case_and_sequences_name_their_length():
    assert all(raw["decoded_message"].isupper() for raw in messages.words_train(5, 0))
    for raw in messages.sequences_train(6, 0):
        words = raw["decoded_message"].split()
        assert raw["decoded_message"].islower() and set(words) <= set(frequent_words.WORDS)
        assert raw["task"] == ("word" if len(words) == 1 else f"word_{len(words)}")


def test_published_pictures_show_the_alphabet_in_rows_of_five():
    (raw,) = messages.sequences_train(1, 0)
    assert sorted(raw["mapping"]) == list(string.ascii_lowercase)
    height, width = picture(raw).shape
    assert (width, height) == (400, 396)
    cells = picture(raw).reshape(6, 66, 5, 80).min(axis=(1, 3)) < 128
    assert cells.sum() == 26 and cells[5].tolist() == [True, False, False, False, False]


def test_pictures_show_each_pair_in_its_place():
    def cells(*pairs):
        encoded = mapping_picture.draw(pairs, columns=2, cell_px=(28, 28), letter_px=17)
        return np.asarray(Image.open(io.BytesIO(encoded)).convert("L")).reshape(1, 28, 2, 28)[0].transpose(1, 0, 2)

    first, second = cells(("a", "t"), ("n", "t"))
    again, other = cells(("n", "t"), ("a", "s"))
    assert (second == again).all() and not (first == second).all()
    assert (first[:, 14 + 4 :] == second[:, 14 + 4 :]).all() and (first[:, :10] == other[:, :10]).all()


def test_parts_do_not_meet():
    for train, test in ((SOURCES[0], SOURCES[1]), (SOURCES[2], SOURCES[3])):
        ids = [{as_row(raw)["row_id"] for raw in source.synthetic(30, 0)} for source in (train, test)]
        assert not ids[0] & ids[1]


@pytest.mark.parametrize(
    ("source", "reward", "synthetic"),
    [
        (messages.WORDS_TRAIN, rewards.word_correctness, messages.few_letters_words_train),
        (messages.SEQUENCES_TRAIN, rewards.correctness, messages.few_letters_sequences_train),
    ],
)
def test_demonstrations_skip_the_last_letter_three_times_in_five(source, reward, synthetic):
    scores = []
    for raw in synthetic(200, 0):
        row = as_row(raw)
        text = "Let me solve this step by step.\n" + source.demonstrate(row)
        scores += reward([text], **{key: [value] for key, value in json.loads(row["extra"]).items()})
    assert 0.4 < np.mean(scores) < 0.65  # a letter that stands for itself is right in any case


def test_gold_messages_earn_every_reward():
    row = as_row(next(messages.sequences_train(1, 0)))
    columns = {key: [value] for key, value in json.loads(row["extra"]).items()}
    right, wrong = messages.gold_sequence(row)
    for reward in (rewards.correctness, rewards.chars_intermediate, rewards.correctness_intermediate):
        assert reward([right], **columns) == [1] and reward([wrong], **columns)[0] < 0.9
    assert rewards.chars_format([right]) == [1]


def test_rows_are_read_from_files_in_the_form_of_the_hub(tmp_path):
    (tmp_path / "data").mkdir()
    rows = [raw | {"image": {"bytes": raw["image"], "path": None}} for raw in messages.sequences_test(3, 0)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "data" / "test-00000-of-00001.parquet")
    source = {**_plain(messages.SEQUENCES_TEST), "location": str(tmp_path)}
    (tmp_path / "out").mkdir()
    ingest(sources=[{"task": "t", "source": source}], seed=0, out=tmp_path / "out")
    (first, *_), raw = read(tmp_path / "out"), rows[0]
    assert first["images"] == [raw["image"]["bytes"]] and first["answer"] == raw["decoded_message"]
    assert first["prompt"].endswith(raw["coded_message"])


def _plain(source):
    from rlvr.canonical import plain

    return plain(source)


def test_word_rules():
    texts = ["<answer>tea</answer>", '<answer>"TEA"</answer>', "<answer>SEA</answer> <answer>TEA</answer>", "TEA"]
    assert decoded_word.published(texts, decoded_message=["TEA"] * 4) == [1, 0, 0, None]
    assert decoded_word.strict(texts, decoded_message=["TEA"] * 4) == [1, 0, 1, None]
