"""OVDEval one part at a time, as publications print it beside the overall figure.

Rows, conversion and synthetic rows are those of `ovdeval` (the synthetic pictures are of the part `color`).
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rlvr.data.source import RawRow, Source
from rlvr.datasets import ovdeval


def read_celebrity(folder: Path) -> Iterator[RawRow]:
    """The part `celebrity`."""
    return ovdeval.read(folder, "celebrity")


def read_logo(folder: Path) -> Iterator[RawRow]:
    """The part `logo`."""
    return ovdeval.read(folder, "logo")


def read_landmark(folder: Path) -> Iterator[RawRow]:
    """The part `landmark`."""
    return ovdeval.read(folder, "landmark")


def read_color(folder: Path) -> Iterator[RawRow]:
    """The part `color`."""
    return ovdeval.read(folder, "color")


def read_material(folder: Path) -> Iterator[RawRow]:
    """The part `material`."""
    return ovdeval.read(folder, "material")


def read_position(folder: Path) -> Iterator[RawRow]:
    """The part `position`."""
    return ovdeval.read(folder, "position")


def read_relationship(folder: Path) -> Iterator[RawRow]:
    """The part `relationship`."""
    return ovdeval.read(folder, "relationship")


def read_negation(folder: Path) -> Iterator[RawRow]:
    """The part `negation`."""
    return ovdeval.read(folder, "negation")


READERS = (
    read_celebrity,
    read_logo,
    read_landmark,
    read_color,
    read_material,
    read_position,
    read_relationship,
    read_negation,
)

PARTS: dict[str, Source] = {
    reader.__name__.removeprefix("read_"): replace(
        ovdeval.TEST,
        name=f"ovdeval_{reader.__name__.removeprefix('read_')}",
        title=f"OVDEval, {reader.__name__.removeprefix('read_')}",
        read=reader,
    )
    for reader in READERS
}
"""Part -> its source, in the order in which VLM-R1's table prints them."""
