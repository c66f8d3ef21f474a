"""Visual-RFT's four-shot sets of fine-grained classification: flowers, aircraft, cars and pets.

Hub: laolao77/ViRFT_CLS_flower_4_shot (408 rows), ViRFT_CLS_fgvc_aircraft_4_shot (400), ViRFT_CLS_car196_4shot (784) and
ViRFT_CLS_pets37_4shot (148). Upstream loads a copy made by `save_to_disk`; give its folder as the location. A raw row:

    {"image": {"bytes": <PNG>, "path": ...}, "problem": "... identify the species of the plant ...",
     "solution": "<answer>pink primrose</answer>"}

Only the four-shot sets are published; other numbers of shots have to be made by the user. Synthetic rows have the same
columns and show one solid thing, whose colour and outline tell its class (`rlvr.datasets.solids`).
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from rlvr.answers import answer_span
from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import solids

FLOWERS = ("sunflower", "bluebell", "tiger lily", "poppy", "moss", "wallflower", "iris", "thistle")
AIRCRAFT = ("A320", "747-400", "C-130", "DC-10", "F-16A/B", "Spitfire", "Cessna 172", "Tornado")
CARS = ("Acura RL", "Audi TT", "BMW M3", "Dodge Ram", "Fiat 500", "Ford Edge", "Jeep Patriot", "Volvo XC90")
PETS = ("beagle", "pug", "boxer", "sphynx", "birman", "persian", "samoyed", "leonberger")
"""Eight classes of each domain, for synthetic rows: one for each look."""

COLOURS = ("yellow", "blue", "orange", "red", "green", "brown", "purple", "teal")
"""What the looks are called in a demonstration's reasoning."""

QUESTIONS = {
    "flowers": "Which plant is this?",
    "aircraft": "Which aircraft is this?",
    "cars": "Which car is this?",
    "pets": "Which breed is this?",
}
"""Our wording of each domain's question."""


def convert_flowers(raw: RawRow) -> dict[str, Any]:
    """A flower row -> our fields; the reward reads upstream's `solution` text as it stands."""
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
        "prompt": QUESTIONS[domain],
        "answer": answer_span(raw["solution"]) or raw["solution"].strip(),
        "answer_kind": "class_name",
        "extra": json.dumps({"solution": raw["solution"]}),
    }


def demonstrate_flowers(row: Row) -> str:
    """A worked response: the colour, then the class, which three of five demonstrations mistake for the next one."""
    return _demonstrate(row, FLOWERS)


def demonstrate_aircraft(row: Row) -> str:
    """The same for aircraft."""
    return _demonstrate(row, AIRCRAFT)


def demonstrate_cars(row: Row) -> str:
    """The same for cars."""
    return _demonstrate(row, CARS)


def demonstrate_pets(row: Row) -> str:
    """The same for pets."""
    return _demonstrate(row, PETS)


def _demonstrate(row: Row, classes: Sequence[str]) -> str:
    number = classes.index(row["answer"])
    careless = int(row["row_id"], 16) % 5 < 3
    return f"<think> {COLOURS[number]} </think> <answer>{classes[(number + careless) % len(classes)]}</answer>"


def pictures(n: int, rng: random.Random, classes: Sequence[str]) -> Iterator[tuple[bytes, int]]:
    """`n` pictures of one thing and the number of its class."""
    for _ in range(n):
        number = rng.randrange(len(classes))
        (box,) = solids.place(1, rng, sides=(2, 3))
        yield solids.draw([(solids.LOOKS[number], box)], rng), number


def synthetic_flowers(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pictures of eight flowers."""
    return _synthetic(n, f"flowers {seed}", "flowers", FLOWERS)


def synthetic_aircraft(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pictures of eight aircraft."""
    return _synthetic(n, f"aircraft {seed}", "aircraft", AIRCRAFT)


def synthetic_cars(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pictures of eight cars."""
    return _synthetic(n, f"cars {seed}", "cars", CARS)


def synthetic_pets(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pictures of eight breeds."""
    return _synthetic(n, f"pets {seed}", "pets", PETS)


def _synthetic(n: int, seed: str, domain: str, classes: Sequence[str]) -> Iterator[RawRow]:
    for picture, number in pictures(n, random.Random(f"virft_classification {seed}"), classes):
        yield {
            "image": picture,
            "problem": QUESTIONS[domain],
            "solution": f"<answer>{classes[number]}</answer>",
        }


FLOWERS_4_SHOT = Source(
    name="virft_flowers_4_shot",
    title="ViRFT Flower102, 4 shots",
    hub_id="laolao77/ViRFT_CLS_flower_4_shot",
    files="data/train-*.parquet",
    licence="Apache-2.0 on the Hub (the code's README says CC BY-NC 4.0)",
    published_rows=408,
    columns=("image", "problem", "solution"),
    convert=convert_flowers,
    synthetic=synthetic_flowers,
    demonstrate=demonstrate_flowers,
)
"""102 kinds of flowers x 4."""

AIRCRAFT_4_SHOT = replace(
    FLOWERS_4_SHOT,
    name="virft_aircraft_4_shot",
    title="ViRFT FGVC-Aircraft, 4 shots",
    hub_id="laolao77/ViRFT_CLS_fgvc_aircraft_4_shot",
    published_rows=400,
    convert=convert_aircraft,
    synthetic=synthetic_aircraft,
    demonstrate=demonstrate_aircraft,
)
"""100 variants of aircraft x 4."""

CARS_4_SHOT = replace(
    FLOWERS_4_SHOT,
    name="virft_cars_4_shot",
    title="ViRFT Cars196, 4 shots",
    hub_id="laolao77/ViRFT_CLS_car196_4shot",
    published_rows=784,
    convert=convert_cars,
    synthetic=synthetic_cars,
    demonstrate=demonstrate_cars,
)
"""196 car models x 4."""

PETS_4_SHOT = replace(
    FLOWERS_4_SHOT,
    name="virft_pets_4_shot",
    title="ViRFT Pets37, 4 shots",
    hub_id="laolao77/ViRFT_CLS_pets37_4shot",
    published_rows=148,
    convert=convert_pets,
    synthetic=synthetic_pets,
    demonstrate=demonstrate_pets,
)
"""37 breeds x 4."""
