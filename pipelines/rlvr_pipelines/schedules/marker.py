"""The marker in a recurring run's description: it says whose the recurring run is, and what it was made from.

Kubeflow's recurring runs have no labels and their names are not unique, so the description's last line is

    rlvr-schedule {"group": "retraining", "name": "r1-v-weekly", "spec": "3f9c1a2b7d04"}
"""

import json
import re
from dataclasses import dataclass

WORD = "rlvr-schedule"


@dataclass(frozen=True, kw_only=True, slots=True)
class Marker:
    """Whose a recurring run is."""

    group: str
    """Group of the file."""
    name: str
    """Name in the file."""
    spec: str
    """Beginning of the digest of what it was made from."""

    def described(self, text: str) -> str:
        """A description that carries this marker."""
        told = {"group": self.group, "name": self.name, "spec": self.spec}
        return f"{text}\n{WORD} {json.dumps(told, sort_keys=True)}"


def find_marker(description: str | None) -> Marker | None:
    """The marker that a description carries; None for recurring runs that are not ours."""
    match = re.search(rf"^{WORD} (\{{.{{1,500}}\}})$", description or "", re.MULTILINE)
    try:
        told = json.loads(match[1]) if match else None
        return Marker(group=told["group"], name=told["name"], spec=told["spec"]) if told else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
