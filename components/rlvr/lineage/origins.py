"""What a stage read from outside the store: raw files of data sets, published checkpoints, their licences."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlvr.lineage.statement import Resource

Folders = Mapping[str, Path]
"""Output folders of a stage by the name of the body's argument."""

MADE_HERE = ("synthetic:", "tiny:", "smol:")
"""Addresses of what the code itself makes, so that its digest pins them."""

BUILT = {"tiny": "built by this package", "smol": "Apache-2.0 (SmolLM2)"}
"""Licences of base models that are built here, by their location."""


def raw_files(folders: Folders, parameters: Mapping[str, Any]) -> list[Resource]:
    """The files that ingest read, with the licence of their source; synthetic sources by name."""
    from rlvr.data.ingest import SOURCES_FILE

    found = []
    for source in json.loads((folders["out"] / SOURCES_FILE).read_text(encoding="utf-8")):
        licence = {"licence": source["licence"]}
        if source["location"] == "synthetic":
            address = f"synthetic:{source['name']}"
            found.append(Resource(name=source["name"], uri=address, annotations=licence))
            continue
        start = f"hub:{source['hub_id']}@{source['revision']}" if source["location"].startswith("hub") else ""
        for file in source["files"]:
            name, digest = f"{source['name']}/{file['path']}", {"sha256": file["sha256"]}
            address = f"{start or source['location']}/{file['path']}"
            found.append(Resource(name=name, digest=digest, uri=address, annotations=licence))
        if source["pictures"]:
            digest = {"sha256": source["pictures"]["sha256"]}
            name, address = f"{source['name']}/pictures", start or source["location"]
            found.append(Resource(name=name, digest=digest, uri=address, annotations=licence))
    return found


def checkpoint(folders: Folders, parameters: Mapping[str, Any]) -> list[Resource]:
    """The published checkpoint that the base stage fetched, or what it was built from."""
    backbone = parameters["backbone"]
    location = backbone["location"]
    if location in BUILT:
        address = f"{location}:{backbone['architecture']}"
    else:
        address = f"hub:{backbone['hub_id']}@{backbone['revision']}" if location == "hub" else location
    return [Resource(name="checkpoint", uri=address, annotations={"licence": base_licence(backbone)})]


def base_licence(backbone: Mapping[str, Any]) -> str:
    """The licence of the model that training begins with."""
    location = backbone["location"]
    if location.startswith("hub"):
        return str(backbone["licence"])
    return BUILT.get(location, "the user's own")
