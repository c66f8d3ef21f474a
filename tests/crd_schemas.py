"""JSON schemas of custom resources, as strict as an API server with `--validate=strict`: unknown fields are errors.

`RLVR_CRD_DIR` names a folder with the published CustomResourceDefinitions (YAML) of Kubeflow Trainer and Kueue. Rules
in CEL (`x-kubernetes-validations`) and admission webhooks are not evaluated.
"""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

VARIABLE = "RLVR_CRD_DIR"
"""Environment variable that names the folder."""

needs_crds = pytest.mark.skipif(
    VARIABLE not in os.environ,
    reason=f"{VARIABLE} does not name a folder with the CustomResourceDefinitions of Kubeflow Trainer and Kueue",
)
"""Mark of tests that cannot run without the folder."""


@cache
def validators(folder: Path | None = None) -> dict[tuple[str, str], Draft202012Validator]:
    """A strict validator of every served version by (apiVersion, kind), from `folder` or what `RLVR_CRD_DIR` names."""
    place = folder or Path(os.environ[VARIABLE])
    found = {
        (f"{spec['group']}/{version['name']}", spec["names"]["kind"]): Draft202012Validator(
            hardened(version["schema"]["openAPIV3Schema"])
        )
        for spec in _definitions(place)
        for version in spec["versions"]
        if version["served"]
    }
    assert found, f"{place} holds no CustomResourceDefinition"
    return found


def problems(resource: dict[str, Any], known: dict[tuple[str, str], Draft202012Validator]) -> list[str]:
    """What is wrong with a resource, a line a problem; empty when nothing is."""
    validator = known.get((resource.get("apiVersion", ""), resource.get("kind", "")))
    if validator is None:
        return [f"no definition of {resource.get('apiVersion')} {resource.get('kind')}"]
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(resource)]


def hardened(schema: Any) -> Any:
    """The schema with unknown fields refused wherever fields are named, and `IntOrString` as JSON schema says it."""
    if isinstance(schema, list):
        return [hardened(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: hardened(value) for key, value in schema.items() if key not in ("properties", "default", "enum")}
    strict |= {key: schema[key] for key in ("default", "enum") if key in schema}
    if "properties" in schema:
        strict["properties"] = {name: hardened(value) for name, value in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            strict.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        strict.pop("type", None)
        strict["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if schema.get("nullable") and "type" in strict:
        strict["type"] = [strict["type"], "null"]
    return strict


_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the definitions of Trainer are long


def _definitions(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.yaml")):
        for document in yaml.load_all(path.read_text(encoding="utf-8"), _Loader):
            if document and document.get("kind") == "CustomResourceDefinition":
                # the API server knows these itself, so definitions leave them open
                for version in document["spec"]["versions"]:
                    version["schema"]["openAPIV3Schema"].setdefault("properties", {}).update(
                        {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
                    )
                yield document["spec"]
