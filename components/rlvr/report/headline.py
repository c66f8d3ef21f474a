"""The report's first words: what was run, what came out, and what that is worth."""

from typing import Any

from rlvr.report.metrics import verdict_word
from rlvr.report.published import is_synthetic, is_tiny
from rlvr.report.text import counted, percent, signed

TITLES = {
    "gain shown": "A gain is shown",
    "no gain shown": "No gain is shown",
    "loss shown": "A loss is shown",
    "nothing compared": "Nothing to compare",
}


def headline(title: str, entry: dict[str, Any]) -> dict[str, str]:
    """Verdict, the two scores and one plain sentence about the primary benchmark's metrics."""
    word = verdict_word(entry["difference"])
    scores = [f"{percent(entry[role]['score_percent'])} %" for role in ("base", "tuned") if entry[role]]
    return {
        "word": word,
        "title": TITLES[word],
        "scores": " → ".join(scores),
        "sentence": _sentence(title, entry, word),
    }


def _sentence(title: str, entry: dict[str, Any], word: str) -> str:
    n, change = entry["n"], entry["difference"]
    if change is None:
        role = "base" if entry["base"] else "tuned"
        return f"Only the {role} model was evaluated on {title} ({counted(n, 'row')}), so no change can be told."
    size = f"{signed(change['value'])} points, 95 % interval {signed(change['low'])} to {signed(change['high'])}"
    if word == "gain shown":
        return (
            f"On the same {counted(n, 'row')} of {title} the tuned model scores higher than its base ({size}); "
            "more than the choice of rows explains."
        )
    if word == "loss shown":
        return (
            f"On the same {counted(n, 'row')} of {title} the tuned model scores lower than its base ({size}); "
            "training made it worse."
        )
    return (
        f"On the same {counted(n, 'row')} of {title} the difference is {size}. The interval holds zero, so no change "
        "is shown; with so many rows a difference of about "
        f"{percent(entry['detectable_points'])} points or more would be."
    )


def banner(method: dict[str, Any], profile: str, locations: list[str], own: list[dict[str, Any]]) -> list[str]:
    """Sentences that say why this is not a reproduction; empty when the published set-up was really run."""
    reasons = []
    if is_tiny(method):
        reasons.append(
            f"A tiny model built offline, warmed up on worked examples that are in part careless on purpose, "
            f"stood in for {method['backbone']['hub_id']}."
        )
    if any(is_synthetic(location) for location in locations):
        reasons.append("Synthetic rows stood in for the published data sets.")
    if own:
        reasons.append(f"Whoever started the run changed the method: {', '.join(_named(own))}.")
    if profile == "laptop" and not reasons:
        reasons.append("The laptop profile runs at a small fraction of the published scale.")
    return [*reasons, "The numbers below are not a reproduction of the published ones."] if reasons else []


def _named(own: list[dict[str, Any]]) -> list[str]:
    """The changed settings; of an added reward the reward alone; at most eight and how many more."""
    added = {
        change["field"].removesuffix("function")
        for change in own
        if change["field"].endswith(".function") and change["published"] is None
    }
    names = [
        next((reward[:-1] for reward in added if change["field"].startswith(reward)), change["field"]) for change in own
    ]
    distinct = list(dict.fromkeys(names))
    return distinct[:8] + ([f"{len(distinct) - 8} more"] if len(distinct) > 8 else [])
