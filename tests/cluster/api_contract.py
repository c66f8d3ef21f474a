"""The published contract of the KFP v2beta1 API: every request and answer is held to it.

Always to the models of `kfp_server_api`, which are generated from the swagger; and, where `RLVR_KFP_SWAGGER` names the
swagger file (or its folder), to its paths, query parameters and schemas.
"""

import json
import os
import re
from datetime import datetime
from functools import cache
from pathlib import Path

import kfp_server_api

SCALARS = {"str": str, "bool": bool, "int": int, "float": (int, float)}


def check_model(kind, data, where):
    """AssertionError unless `data` is what the model called `kind` describes, without unknown fields."""
    if kind.startswith("list["):
        assert isinstance(data, list), f"{where}: {data!r} is no list"
        for number, entry in enumerate(data):
            check_model(kind[5:-1], entry, f"{where}[{number}]")
    elif kind.startswith("dict("):
        assert isinstance(data, dict), f"{where}: {data!r} is no object"
        for key, entry in data.items():
            check_model(kind[5:-1].split(", ")[1], entry, f"{where}.{key}")
    elif kind in SCALARS:
        assert isinstance(data, SCALARS[kind]), f"{where}: {data!r} is no {kind}"
    elif kind == "datetime":
        datetime.fromisoformat(data)
    elif kind != "object":
        model = getattr(kfp_server_api, kind)
        if isinstance(data, str):
            allowed = [value for name, value in vars(model).items() if name.isupper()]
            assert data in allowed, f"{where}: {data!r} is none of {allowed}"
            return
        assert isinstance(data, dict), f"{where}: {data!r} is no object"
        names = {wire: field for field, wire in model.attribute_map.items()}
        for key, entry in data.items():
            assert key in names, f"{where}: {kind} has no field {key!r}"
            check_model(model.openapi_types[names[key]], entry, f"{where}.{key}")


@cache
def swagger():
    """The swagger, its objects closed to unknown fields; None where it is not given."""
    place = os.environ.get("RLVR_KFP_SWAGGER")
    if not place:
        return None
    path = Path(place)
    path = next(path.glob("*.swagger.json")) if path.is_dir() else path
    document = json.loads(path.read_text(encoding="utf-8"))
    for definition in document["definitions"].values():
        if "properties" in definition:
            definition.setdefault("additionalProperties", False)
    return document


def check_swagger(method, path, query, body, status, answer):
    """AssertionError unless request and answer are the swagger's; `body` and `answer` are JSON or None."""
    document = swagger()
    if document is None:
        return
    operation = _operation(document, method, path)
    known = {parameter["name"]: parameter for parameter in operation.get("parameters", [])}
    for name in query:
        assert known.get(name, {}).get("in") == "query", f"{method} {path} has no query parameter {name!r}"
    bodies = [parameter for parameter in known.values() if parameter["in"] == "body"]
    if body is not None:
        assert bodies, f"{method} {path} takes no body"
        _validate(document, bodies[0]["schema"], body)
    responses = operation["responses"]
    _validate(document, responses.get(str(status), responses["default"])["schema"], answer)


def _operation(document, method, path):
    for template, methods in document["paths"].items():
        if re.fullmatch(re.sub(r"\\{[^/{}]*\\}", "[^/:]+", re.escape(template)), path) and method.lower() in methods:
            return methods[method.lower()]
    raise AssertionError(f"the swagger has no {method} {path}")


def _validate(document, schema, data):
    import jsonschema

    jsonschema.validate(data, {**schema, "definitions": document["definitions"]})
