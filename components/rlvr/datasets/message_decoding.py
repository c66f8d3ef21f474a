"""Message decoding of r1-vlm: a picture maps code letters to plain letters, and a coded message is to be decoded.

Hub: sunildkumar/message-decoding-words-r1 (10,000 single words in upper case, 300 px pictures) and
sunildkumar/message-decoding-words-and-sequences-r1 (splits train 27,000 and test 3,000; one, two or three words in
lower case, 400 px pictures). A raw row, `task` only in the second set:

    {"messages": [...chat with an IMAGE_PLACEHOLDER...], "coded_message": "q k x _ k q", "mapping": {...},
     "decoded_message": "tea at", "task": "word_2", "image": <PNG>}

The picture stands in the column `image`; the placeholder in `messages` is not used, for the wording is ours. Synthetic
rows follow the published rule: each has a fresh random permutation of the letters (a letter may stand for itself) and
shows it as pairs in random order, which is the order of its `mapping`. `few_letters_*` do the same with three
or four letters and short words, for tiny backbones.
"""

import json
import random
import string
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import mapping_picture
from rlvr.datasets.frequent_words import WORDS, words_of
from rlvr.rewards.message_decoding import spelt_out

FEW_LETTERS = "aenrst"
"""What the laptop's alphabets are drawn from, anew for each row."""

Alphabet = Callable[[random.Random], tuple[str, Sequence[str]]]
"""Draws a row's letters and gives the words that can be made of them."""

COLUMNS = ("coded_message", "decoded_message", "mapping", "image")


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; rewards read both messages as they stand."""
    extra = {name: raw[name] for name in ("decoded_message", "coded_message", "mapping")}
    return {
        "images": [raw["image"]],
        "prompt": f"Decode: {raw['coded_message']}",
        "answer": raw["decoded_message"],
        "answer_kind": "text",
        "extra": json.dumps(extra | ({"words": raw["task"]} if "task" in raw else {})),
    }


def demonstrate_word(row: Row) -> str:
    """A worked response: the pairs as they stand in the picture, then those of the message, then the word.

    Three of five skip the last letter and leave it in code: the base decodes, but carelessly, and RL has something to
    teach.
    """
    steps, word = _worked(row)
    return f"<think> {steps} </think>\n<answer>{word}</answer>"


def demonstrate_sequence(row: Row) -> str:
    """The same for sequences, whose letters are spelt in a chars block with underscores between words."""
    steps, message = _worked(row)
    return f"<think> {steps} <chars>{spelt_out(message)}</chars> </think>\n<answer>{message}</answer>"


def gold_sequence(row: Row) -> tuple[str, str]:
    """The message with its chars block, and another message that is spelt as well."""
    return tuple(  # type: ignore[return-value]
        f"<think><chars>{spelt_out(message)}</chars></think>\n<answer>{message}</answer>"
        for message in (row["answer"], row["answer"] + " zzz")
    )


def words_train(n: int, seed: int) -> Iterator[RawRow]:
    """`n` single words with the whole alphabet, for training."""
    return _words(n, f"message_decoding words train {seed}", _whole)


def words_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` single words with the whole alphabet, for evaluation."""
    return _words(n, f"message_decoding words test {seed}", _whole)


def sequences_train(n: int, seed: int) -> Iterator[RawRow]:
    """`n` messages of one to three words with the whole alphabet, for training."""
    return _sequences(n, f"message_decoding sequences train {seed}", _whole)


def sequences_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` messages of one to three words with the whole alphabet, for evaluation."""
    return _sequences(n, f"message_decoding sequences test {seed}", _whole)


def few_letters_words_train(n: int, seed: int) -> Iterator[RawRow]:
    """`n` words of three letters, for training."""
    return _words(n, f"message_decoding few words train {seed}", _few)


def few_letters_words_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` words of three letters, for evaluation."""
    return _words(n, f"message_decoding few words test {seed}", _few)


def few_letters_sequences_train(n: int, seed: int) -> Iterator[RawRow]:
    """`n` messages of words of three letters, for training."""
    return _sequences(n, f"message_decoding few sequences train {seed}", _few)


def few_letters_sequences_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` messages of words of three letters, for evaluation."""
    return _sequences(n, f"message_decoding few sequences test {seed}", _few)


def _whole(rng: random.Random) -> tuple[str, Sequence[str]]:
    return string.ascii_lowercase, WORDS


def _few(rng: random.Random) -> tuple[str, Sequence[str]]:
    while True:
        letters = "".join(rng.sample(FEW_LETTERS, rng.randint(3, 4)))
        if words := words_of(letters, longest=3):
            return letters, words


def _words(n: int, key: str, alphabet: Alphabet) -> Iterator[RawRow]:
    rng = random.Random(key)
    for _ in range(n):
        letters, words = alphabet(rng)
        yield _row(rng.choice(words).upper(), letters.upper(), rng, published_px=300)


def _sequences(n: int, key: str, alphabet: Alphabet) -> Iterator[RawRow]:
    rng = random.Random(key)
    for number in range(n):
        count = number % 3 + 1
        letters, words = alphabet(rng)
        message = " ".join(rng.choice(words) for _ in range(count))
        task = "word" if count == 1 else f"word_{count}"
        yield _row(message, letters, rng, published_px=400) | {"task": task}


def _row(message: str, letters: str, rng: random.Random, published_px: int) -> RawRow:
    """One row with its own mapping from code letters to plain ones."""
    codes = rng.sample(letters, len(letters))
    code_of = dict(zip(letters, codes, strict=True))
    pairs = [(code, plain) for plain, code in code_of.items()]
    rng.shuffle(pairs)
    coded = "".join(code_of.get(character, character) for character in message)
    content = [{"type": "image", "image": "IMAGE_PLACEHOLDER"}, {"type": "text", "text": f"Decode: {spelt_out(coded)}"}]
    return {
        "messages": [{"role": "user", "content": content}],
        "coded_message": spelt_out(coded),
        "mapping": dict(pairs),
        "decoded_message": message,
        "image": _picture(pairs, published_px),
    }


def _picture(pairs: Sequence[tuple[str, str]], published_px: int) -> bytes:
    if len(pairs) <= len(FEW_LETTERS):
        return mapping_picture.draw(pairs, columns=len(pairs), cell_px=(56, 28), letter_px=24, bold_px=0.75)
    cell = (published_px // 5, published_px // 6)
    return mapping_picture.draw(pairs, columns=5, cell_px=cell, letter_px=20)


def _worked(row: Row) -> tuple[str, str]:
    """Steps and message as a demonstration gives them: `k→e q→t x→a : q→t k→e x→a` and `tea`."""
    extra = json.loads(row["extra"] or "{}")
    code, mapping = extra["coded_message"].split(), extra["mapping"]
    steps = ["_" if letter == "_" else f"{letter}→{mapping[letter]}" for letter in code]
    message = row["answer"]
    if int(row["row_id"], 16) % 5 < 3:
        steps, message = steps[:-1], message[:-1] + code[-1]
    read = " ".join(f"{letter}→{plain}" for letter, plain in mapping.items())
    return f"{read} : {' '.join(steps)}", message


WORDS_TRAIN = Source(
    name="message_decoding_words_train",
    title="r1-vlm message decoding, words",
    hub_id="sunildkumar/message-decoding-words-r1",
    files="data/train-*.parquet",
    published_rows=10_000,
    columns=COLUMNS,
    convert=convert,
    synthetic=words_train,
    demonstrate=demonstrate_word,
)
"""The words task; upstream publishes no test split."""

WORDS_TEST = Source(
    name="message_decoding_words_test",
    title="Held-out coded words",
    columns=COLUMNS,
    licence="Apache-2.0 (our own)",
    convert=convert,
    synthetic=words_test,
    location="synthetic",
    limit=1000,
)
"""Made by the published rule, with mappings that training never sees."""

SEQUENCES_TRAIN = Source(
    name="message_decoding_sequences_train",
    title="r1-vlm message decoding, words and sequences",
    hub_id="sunildkumar/message-decoding-words-and-sequences-r1",
    files="data/train-*.parquet",
    published_rows=27_000,
    columns=(*COLUMNS, "task"),
    convert=convert,
    synthetic=sequences_train,
    demonstrate=demonstrate_sequence,
    gold=gold_sequence,
)
"""The Hub's train split."""

SEQUENCES_TEST = Source(
    name="message_decoding_sequences_test",
    title="r1-vlm message decoding, words and sequences, test split",
    hub_id="sunildkumar/message-decoding-words-and-sequences-r1",
    files="data/test-*.parquet",
    published_rows=3_000,
    columns=(*COLUMNS, "task"),
    convert=convert,
    synthetic=sequences_test,
)
"""The Hub's test split, which upstream's training never touches."""
