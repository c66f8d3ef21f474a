"""Pairs of rows that share a picture, with thumbnails side by side: what a reader needs to judge a verdict."""

from collections.abc import Mapping, Sequence
from typing import Any

from rlvr.data.same_pictures import Pictures
from rlvr.report.gallery import thumbnail

SHOWN = 8
"""Pairs of a verdict and benchmark that are shown."""

VERDICTS = {"leak": "Leaks into", "image_overlap": "Pictures shared with"}
"""How the page calls the verdicts that name a benchmark."""


def couples(verdict: Mapping[str, Any], pictures: Pictures | None) -> list[dict[str, Any]]:
    """Groups of pairs: the leaks and shared pictures of each benchmark, then near duplicates within training."""
    groups = []
    for overlap in verdict["overlap"]:
        totals = {"leak": overlap["rows"], "image_overlap": overlap.get("image_overlap", 0)}
        for name, words in VERDICTS.items():
            pairs = [pair for pair in overlap.get("pairs", ()) if pair["verdict"] == name]
            if pairs:
                title = f"{words} {overlap['benchmark']}"
                groups.append(_group(title, totals[name], pairs, overlap["benchmark"], "test", pictures))
    near = verdict.get("near_duplicates") or {"rows": 0, "pairs": []}
    if near["pairs"]:
        title = "Near duplicates within training"
        groups.append(_group(title, near["rows"], near["pairs"], "earlier training row", "train", pictures))
    return groups


def _group(
    title: str,
    total: int,
    pairs: Sequence[Mapping[str, Any]],
    other: str,
    part: str,
    pictures: Pictures | None,
) -> dict[str, Any]:
    cards = [
        {
            "found": _found(pair),
            "sides": [
                _side("training row", pair["row_id"], "train", pair["position"], pair["picture"], pictures),
                _side(other, pair["other_row_id"], part, pair["other_position"], pair["other_picture"], pictures),
            ],
        }
        for pair in pairs[:SHOWN]
    ]
    return {"title": title, "total": total, "cards": cards}


def _side(
    words: str, row_id: str, part: str, position: int, picture: int | None, pictures: Pictures | None
) -> dict[str, Any]:
    side: dict[str, Any] = {"part": words, "row_id": row_id, "thumbnail": None, "absent": ""}
    if picture is None:
        return {**side, "absent": "no picture"}
    if pictures is None:
        return side
    small = thumbnail(pictures(part, position, picture))
    return {**side, "thumbnail": small, "absent": "" if small else "picture cannot be decoded"}


def _found(pair: Mapping[str, Any]) -> str:
    if pair["found"] != "near copy":
        return str(pair["found"])
    return (
        f"near copy: hashes differ in {pair['distance_bits']} of 64 bits, brightness by at most {pair['difference']} "
        f"of 255 in 99.5 % of the picture"
    )
