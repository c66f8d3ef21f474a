"""Commands with which a reader of a report can check it again."""

from collections.abc import Mapping
from typing import Any


def commands(numbers: Mapping[str, Any]) -> list[dict[str, str]]:
    """Command lines and what each shows; `STORE` and `RUN` stand for the reader's own places."""
    found = [
        {
            "line": f"rlvr audit verify {digest} --store STORE",
            "why": f"Reads the {role} model and all that it was made from again, and checks signatures and history.",
        }
        for role, digest in sorted(numbers["digests"].items(), reverse=True)
        if all(letter in "0123456789abcdef" for letter in digest)
    ]
    found.append(
        {
            "line": "rlvr report RUN --store STORE -o again.html",
            "why": "Draws the report again from the stored predictions, training records and verdict.",
        }
    )
    if not numbers["own_changes"]:
        found.append(
            {
                "line": f"rlvr run {numbers['method']} --profile {numbers['profile']} --seed {numbers['seed']}",
                "why": "Does the whole run again; on a CPU and with the same code it ends with the same digests.",
            }
        )
    return found
