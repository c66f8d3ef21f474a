"""Test sets of fine-grained classification as Visual-RFT evaluates them: Flower102, FGVC-Aircraft, Cars196 and Pets37.

Upstream's repository lists the pictures of each set in `val_data/<set>.pth` (a list of {path: {"label": number}}) and
the names of its classes in `<set>.txt`, one a line, numbered from 0. Write the list as `<set>.json` once (`torch.load`,
then `json.dump`) and put both into one folder with the pictures. Paths in the list are those of upstream's machine: the
longest end of a path that exists in the folder is taken. A raw row:

    {"image": "oxford_flowers/jpg/image_00001.jpg", "label": 76, "category": "passion flower"}

Synthetic rows have the same columns and look like those of `virft_classification`.
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import virft_classification as virft
from rlvr.datasets.coco_val import loaded
from rlvr.errors import RlvrError


def convert_flowers(raw: RawRow) -> dict[str, Any]:
    """A flower row -> our fields."""
    return _convert(raw, "flowers")


def convert_aircraft(raw: RawRow) -> dict[str, Any]:
    """An aircraft row -> our fields."""
    return _convert(raw, "aircraft")


def convert_cars(raw: RawRow) -> dict[str, Any]:
    """A car row -> our fields."""
    return _convert(raw, "cars")


def convert_pets(raw: RawRow) -> dict[str, Any]:
    """A pet row -> our fields."""
    return _convert(raw, "pets")


def _convert(raw: RawRow, domain: str) -> dict[str, Any]:
    return {
        "images": [raw["image"]],
        "prompt": virft.QUESTIONS[domain],
        "answer": raw["category"],
        "answer_kind": "class_name",
        "extra": json.dumps({"category": raw["category"]}),
    }


def read_flowers(folder: Path) -> Iterator[RawRow]:
    """Flower102's 2,463 pictures."""
    return listed(folder, "oxford_flowers")


def read_aircraft(folder: Path) -> Iterator[RawRow]:
    """FGVC-Aircraft's 3,333 pictures."""
    return listed(folder, "fgvc_aircraft")


def read_cars(folder: Path) -> Iterator[RawRow]:
    """Cars196's 8,041 pictures."""
    return listed(folder, "stanford_cars")


def read_pets(folder: Path) -> Iterator[RawRow]:
    """Pets37's 3,669 pictures."""
    return listed(folder, "pets")


def listed(folder: Path, name: str) -> Iterator[RawRow]:
    """The pictures of the list `<name>.json`, with the class names of `<name>.txt`."""
    entries = loaded(folder / f"{name}.json")
    try:
        names = (folder / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise RlvrError(f"{name}.txt, the names of the classes, cannot be read in {str(folder)!r}: {error}.") from error
    for entry in entries:
        for path, about in entry.items():
            label = int(about["label"])
            if not 0 <= label < len(names):
                raise RlvrError(f"{name}.json: {path!r} has class {label}, but {name}.txt names {len(names)} classes.")
            yield {"image": _there(folder, path, name), "label": label, "category": names[label].strip()}


def _there(folder: Path, path: str, name: str) -> str:
    """The longest end of the path that is a file in the folder."""
    parts = [part for part in PurePosixPath(path).parts if part not in ("/", "..")]
    for start in range(len(parts)):
        end = "/".join(parts[start:])
        if (folder / end).is_file():
            return end
    raise RlvrError(f"{name}.json names {path!r}, but no end of that path is a file in {str(folder)!r}.")


def synthetic_flowers(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pictures of eight flowers."""
    return _synthetic(n, f"flowers {seed}", virft.FLOWERS)


def synthetic_aircraft(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pictures of eight aircraft."""
    return _synthetic(n, f"aircraft {seed}", virft.AIRCRAFT)


def synthetic_cars(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pictures of eight cars."""
    return _synthetic(n, f"cars {seed}", virft.CARS)


def synthetic_pets(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pictures of eight breeds."""
    return _synthetic(n, f"pets {seed}", virft.PETS)


def _synthetic(n: int, seed: str, classes: Sequence[str]) -> Iterator[RawRow]:
    for picture, label in virft.pictures(n, random.Random(f"fine_grained_test {seed}"), classes):
        yield {"image": picture, "label": label, "category": classes[label]}


FLOWERS = Source(
    name="flower102_test",
    title="Flower102",
    files="**/*",
    published_rows=2463,
    columns=("image", "label", "category"),
    convert=convert_flowers,
    read=read_flowers,
    synthetic=synthetic_flowers,
)
"""Not on the Hub in this form, like the others: give a folder or `s3://` prefix as the location."""

AIRCRAFT = replace(
    FLOWERS,
    name="fgvc_aircraft_test",
    title="FGVC-Aircraft",
    published_rows=3333,
    convert=convert_aircraft,
    read=read_aircraft,
    synthetic=synthetic_aircraft,
)
"""100 variants of aircraft."""

CARS = replace(
    FLOWERS,
    name="cars196_test",
    title="Stanford Cars 196",
    published_rows=8041,
    convert=convert_cars,
    read=read_cars,
    synthetic=synthetic_cars,
)
"""196 car models."""

PETS = replace(
    FLOWERS,
    name="pets37_test",
    title="Oxford-IIIT Pets 37",
    published_rows=3669,
    convert=convert_pets,
    read=read_pets,
    synthetic=synthetic_pets,
)
"""37 breeds."""
