"""The tuned model's card: README.md in the form that the Hugging Face Hub reads, with its `model-index`.

It is written offline by huggingface_hub's own classes and says of every number on how many rows it stands, with its
interval; a run that is no reproduction says so in its first lines and in the names of its results.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rlvr.report.templates import render
from rlvr.report.text import clean

LICENCES = {"apache-2.0": "apache-2.0", "mit": "mit", "bsd-3-clause": "bsd-3-clause", "cc-by-4.0": "cc-by-4.0"}
"""Licences that the Hub knows by the same name, lower case; any other is given as `other` with its name."""

METRICS = {
    "mean": "accuracy",
    "macro_mean": "macro_accuracy",
    "average_precision": "mean_average_precision",
    "grouped_average_precision": "mean_average_precision",
}
"""How a benchmark's rows became one number -> what the card calls the metric."""


def model_card(told: Mapping[str, Any]) -> str:
    """The card's text; `told` is what `rlvr.report.page` tells its templates."""
    from huggingface_hub import ModelCard, ModelCardData

    method, numbers = told["method"], told["numbers"]
    data = ModelCardData(
        model_name=f"{method['name']}-{numbers['profile']}-seed{numbers['seed']}",
        base_model=_base_model(method["backbone"]),
        datasets=_datasets(method) or None,
        eval_results=_results(told) or None,
        language=None,
        library_name="transformers",
        pipeline_tag="image-text-to-text",
        tags=["reinforcement-learning", "verifiable-rewards"] + (["not-a-reproduction"] if told["banner"] else []),
        **_licence(method["backbone"]),
    )
    body = render("model_card.md.j2", {**told, "made": _made(told.get("lineage") or [])}, escape=False)
    return str(ModelCard(f"---\n{data.to_yaml()}\n---\n\n{body}")).rstrip("\n") + "\n"


def _made(lineage: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Stage, digest of what it made and of its code, for everything behind the evaluation, the earliest first."""
    found: dict[str, dict[str, str]] = {}
    for node in lineage:
        for one in [*_made(node["inputs"]), node]:
            if one["made_by"]:
                found.setdefault(one["digest"], {name: str(one[name]) for name in ("made_by", "digest", "code")})
    return list(found.values())


def _base_model(backbone: Mapping[str, Any]) -> str | None:
    """The Hub's name of the checkpoint that training started from; None for a model from elsewhere."""
    return _line(backbone["hub_id"]) if backbone["location"] == "hub" else None


def _datasets(method: Mapping[str, Any]) -> list[str]:
    """Hub names of the data sets that were read from the Hub."""
    found = []
    for task in method["tasks"]:
        kind, _, named = task["source"]["location"].partition(":")
        name = (named.partition("@")[0] or task["source"]["hub_id"]) if kind == "hub" else None
        found += [_line(name)] if name else []
    return list(dict.fromkeys(found))


def _licence(backbone: Mapping[str, Any]) -> dict[str, Any]:
    if backbone["location"] != "hub":
        return {"license": "other", "license_name": "see the section Licences"}
    if known := LICENCES.get(backbone["licence"].strip().casefold()):
        return {"license": known}
    return {"license": "other", "license_name": _line(backbone["licence"])}


def _line(text: Any) -> str:
    """Foreign text on one line, without characters that act; YAML's own quoting does the rest."""
    return " ".join(str(clean(text)).split())


def _results(told: Mapping[str, Any]) -> list[Any]:
    """One result a benchmark and rule, of the tuned model."""
    from huggingface_hub import EvalResult

    benchmarks = {benchmark["name"]: benchmark for benchmark in told["method"]["benchmarks"]}
    found = []
    for entry in told["numbers"]["benchmarks"]:
        source = benchmarks[entry["name"]]["source"]
        invented = source["location"].partition(":")[0] == "synthetic"
        for rule, measured in (("published", entry), ("strict", entry["strict"])):
            if score := measured["tuned"]:
                found.append(
                    EvalResult(
                        task_type="image-text-to-text",
                        dataset_type=_line(source["hub_id"] or entry["name"]),
                        dataset_name=_line(told["titles"][entry["name"]])
                        + (" (synthetic stand-in rows)" if invented else ""),
                        dataset_revision=None if invented or not source["revision"] else _line(source["revision"]),
                        metric_type=METRICS[entry.get("aggregate", "mean")],
                        metric_name=f"score in per cent, {rule} rule",
                        metric_value=score["score_percent"],
                        metric_args={"n": entry["n"], "low_95": score["low"], "high_95": score["high"]},
                    )
                )
    return found
