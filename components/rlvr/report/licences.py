"""The licences that flow into a model: of the backbone, of the rows it was trained on, and of the followed code."""

from collections.abc import Mapping
from typing import Any

from rlvr.lineage.origins import base_licence


def licences(method: Mapping[str, Any], verdict: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each licence once, with what carries it; what states none stands under `not stated`."""
    backbone = method["backbone"]
    base = backbone["hub_id"] if backbone["location"].startswith("hub") else f"a base model ({backbone['location']})"
    carriers = [("backbone", base, base_licence(backbone))]
    trained = {task["source"]["name"] for task in method["tasks"]}
    carriers += [
        ("training rows" if source["name"] in trained else "test rows", source["name"], source["licence"])
        for source in verdict["sources"]
    ]
    carriers.append(("followed code", method["code"], method["licence"]))
    found: dict[str, list[dict[str, str]]] = {}
    for role, name, licence in carriers:
        found.setdefault(licence or "not stated", []).append({"role": role, "name": name})
    return [{"licence": licence, "carriers": found[licence]} for licence in sorted(found, key=str.casefold)]
