"""The promotion gate: a model becomes the champion of its method only if it is shown to be better than the present one.

Both answered the same rows of the method's primary benchmark, so their difference is paired; better means that the 95 %
interval of the difference lies above 0, by the benchmark's published rule. The store keeps who is champion:

    champions/r1_v.json  {"model": "9f...", "predictions": "c4...", "benchmark": "ab...", "predecessor": "77...", ...}

It is replaced only if it still says what the decision was based on, so of two runs that end together none undoes the
other's. A run whose data had not changed ends with the model that it ended with before, and changes nothing.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rlvr.canonical import digest, dumps
from rlvr.errors import RlvrError
from rlvr.progress import report
from rlvr.provenance import Artifact, perform, read_manifest, write_manifest
from rlvr.scratch import scratch
from rlvr.store import Store, open_store

ATTEMPTS = 5
"""How often a decision is made anew because another run has changed the champion meanwhile."""
DECISION = "decision.json"
"""File of a decision artifact."""


def compare(*, name: str, benchmark: str, challenger: Path, decision: Path, champion: Path | None = None) -> None:
    """Write `decision.json`: whether `challenger` is better on `benchmark` than `champion`, both evaluation folders."""
    from rlvr.report.inputs import read_evaluation

    new = read_evaluation(challenger)
    old = read_evaluation(champion) if champion else None
    told = {"name": name, "benchmark": benchmark, **decide(old, new)}
    (decision / DECISION).write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def decide(champion: Any, challenger: Any) -> dict[str, Any]:
    """`outcome`, `promoted`, `why`, both scores and their paired difference, in per cent and points.

    Arguments are `rlvr.report.inputs.Evaluation`; `champion` is None when there is none.
    """
    from rlvr.report.metrics import benchmark_metrics

    if champion is None:
        score = benchmark_metrics(challenger.benchmark, {"tuned": challenger})["tuned"]
        return _told("first", True, "there was no champion", challenger=score)
    if champion.model_digest == challenger.model_digest:
        return _told("same", False, "it is the champion's own model, byte for byte: nothing new was learnt")
    if sorted(champion.keys) != sorted(challenger.keys):
        return _told(
            "not comparable",
            False,
            f"the champion answered other rows of {challenger.benchmark}; evaluate both on the same rows, or remove "
            f"the champion's document from the store to begin anew",
        )
    if (champion.design.aggregate, champion.design.samples) != (challenger.design.aggregate, challenger.design.samples):
        return _told(
            "not comparable", False, "the champion was evaluated with another number of samples or another mean"
        )
    found = benchmark_metrics(challenger.benchmark, {"base": champion, "tuned": challenger})
    gain = found["difference"]
    better = bool(gain["low"] > 0)
    interval = f"{gain['value']:+.1f} points [{gain['low']:+.1f}, {gain['high']:+.1f}]"
    why = f"{interval} on {found['n']} rows: " + ("better than the champion" if better else "not shown to be better")
    outcome = "better" if better else "not better"
    return _told(outcome, better, why, challenger=found["tuned"], champion=found["base"], difference=gain)


def promote(
    store: str,
    name: str,
    benchmark: Mapping[str, Any],
    model: Artifact,
    evaluations: Sequence[Artifact],
    decision: Artifact,
) -> dict[str, Any]:
    """Decide, and make `model` the champion of method `name` if it is better; returns the decision.

    `benchmark` is the primary one as JSON; `evaluations` are those of `model`. Where a model registry is configured,
    the champion is registered there.
    """
    try:
        return _promote(open_store(store), name, benchmark, str(read_manifest(model)["digest"]), evaluations, decision)
    except RlvrError as error:
        report("promote", 0, 1, event="error", message=str(error))
        raise


def champion_key(name: str) -> str:
    """Where the store keeps who is champion of a method."""
    return f"champions/{name.replace('/', '-')}.json"


def _promote(
    keep: Store,
    name: str,
    benchmark: Mapping[str, Any],
    model: str,
    evaluations: Sequence[Artifact],
    decision: Artifact,
) -> dict[str, Any]:
    challenger = _of_benchmark(keep, evaluations, str(benchmark["name"]), model)
    asked = digest({key: value for key, value in benchmark.items() if key != "published"})
    for _ in range(ATTEMPTS):
        text = keep.read(champion_key(name))
        pointer = _pointer(text, name)
        told = _decided(keep, name, benchmark, asked, challenger, pointer, decision)
        if told["promoted"]:
            successor = {
                "model": model,
                "predictions": str(read_manifest(challenger)["digest"]),
                "benchmark": asked,
                "benchmark_name": str(benchmark["name"]),
                "decision": str(read_manifest(decision)["digest"]),
                "predecessor": pointer["model"] if pointer else None,
            }
            if not keep.exchange(champion_key(name), text, dumps(successor)):
                continue  # somebody else's model became champion meanwhile: this one must beat that
        if told["promoted"] or told["outcome"] == "same":
            from rlvr.model_registry import register

            register(name, keep.url, model, told)
        decision.metadata.update({"outcome": told["outcome"], "promoted": str(told["promoted"]).lower()})
        return told
    raise RlvrError(
        f"The champion of {name} was replaced {ATTEMPTS} times while this run compared itself with it; run it again."
    )


def _decided(
    keep: Store,
    name: str,
    benchmark: Mapping[str, Any],
    asked: str,
    challenger: Artifact,
    pointer: Mapping[str, Any] | None,
    decision: Artifact,
) -> dict[str, Any]:
    if pointer and pointer["benchmark"] != asked and pointer["model"] != _evaluated(keep, challenger)["model_digest"]:
        raise RlvrError(
            f"The champion of {name} was evaluated on another benchmark or with other settings "
            f"({pointer['benchmark_name']}), so it cannot be compared. Run with the settings of its time, or remove "
            f"{champion_key(name)} from the store to begin anew."
        )
    with scratch() as folder:
        champion = None
        if pointer:
            champion = SimpleNamespace(path=str(folder / "champion.json"), metadata={})
            write_manifest(champion, keep.manifest(pointer["predictions"]), keep, "champion")
        made = perform(
            compare,
            store=keep.url,
            inputs={"challenger": challenger, "champion": champion},
            outputs={"decision": decision},
            parameters={"name": name, "benchmark": str(benchmark["name"])},
            name="promote",
        )
    told: dict[str, Any] = json.loads((made["decision"] / DECISION).read_text(encoding="utf-8"))
    return told


def _of_benchmark(keep: Store, evaluations: Sequence[Artifact], benchmark: str, model: str) -> Artifact:
    """The evaluation of `model` on `benchmark`."""
    for one in evaluations:
        about = _evaluated(keep, one)
        if about["benchmark"] == benchmark:
            if about["model_digest"] != model:
                raise RlvrError(
                    f"The evaluation on {benchmark} is of model {about['model_digest'][:12]}, not of {model[:12]}; "
                    f"pass the evaluations of the model that is to be promoted."
                )
            return one
    raise RlvrError(f"None of the {len(evaluations)} evaluations is on {benchmark}, which decides about promotion.")


def _evaluated(keep: Store, one: Artifact) -> dict[str, Any]:
    from rlvr.report.inputs import read_json

    folder = keep.get(str(read_manifest(one)["digest"]))
    return read_json(folder / "evaluation.json", ["benchmark", "model_digest"])


def _pointer(text: str | None, name: str) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        pointer: dict[str, Any] = json.loads(text)
        needed = [pointer[key] for key in ("model", "predictions", "benchmark", "benchmark_name")]
        if all(isinstance(value, str) for value in needed):
            return pointer
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise RlvrError(f"{champion_key(name)} in the store does not name a champion; restore it, or remove it.")


def _told(outcome: str, promoted: bool, why: str, **numbers: Any) -> dict[str, Any]:
    blank = {"challenger": None, "champion": None, "difference": None}
    return {"outcome": outcome, "promoted": promoted, "why": why, **blank, **numbers}
