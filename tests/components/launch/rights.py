"""What the Roles of the manifests grant, as an API server would decide it."""

import re
from functools import cache
from pathlib import Path

import yaml

BASE = Path(__file__).parents[3] / "manifests/base"
CORE = re.compile(r"/api/v1/namespaces/[^/]+/(?P<resource>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<part>[^/]+))?")
CUSTOM = re.compile(r"/apis/(?P<group>[^/]+)/[^/]+/namespaces/[^/]+/(?P<resource>[^/]+)(?:/(?P<name>[^/]+))?")
VERBS = {"POST": "create", "DELETE": "delete", "PUT": "update", "PATCH": "patch"}


@cache
def granted(role):
    """(group, resource, verb) of the Role `rlvr-ROLE` in manifests/base/ROLE.yaml."""
    documents = yaml.safe_load_all((BASE / f"{role}.yaml").read_text())
    (found,) = (one for one in documents if one["kind"] == "Role" and one["metadata"]["name"] == f"rlvr-{role}")
    return frozenset(
        (group, resource, verb)
        for rule in found["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    )


def asked(method, path, query):
    """The right that a request needs; None for a path that no Role speaks of."""
    found = CORE.fullmatch(path) or CUSTOM.fullmatch(path)
    if found is None:
        return None
    parts = found.groupdict()
    resource = f"{parts['resource']}/{parts['part']}" if parts.get("part") else parts["resource"]
    reading = "get" if parts["name"] else "watch" if query.get("watch") == "True" else "list"
    return parts.get("group", ""), resource, VERBS.get(method, reading)
