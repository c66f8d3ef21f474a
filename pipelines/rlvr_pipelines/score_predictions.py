"""`rlvr score`: a file of replies under both answer rules of a benchmark, without a model and in seconds."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.canonical import plain, reference
from rlvr.data.gold import FORMS
from rlvr.errors import RlvrError
from rlvr.method import Judge
from rlvr.predictions import arrangement
from rlvr.report import published
from rlvr.report.text import counted
from rlvr.scoring import estimate, judge_verdict, rules
from rlvr.scoring.design import OF_BOXES, RULES, Design
from rlvr.scoring.picture import Picture
from rlvr_pipelines.reply_file import Replies, read_replies

PLAIN_FORMS = ("<answer> {answer} </answer>", "{answer}")
"""Further ways in which a reply may carry a gold answer: math-verify reads none in a tag without spaces."""

Scored = tuple[Replies, list[dict[str, float | None]], Design]
"""Replies, their scores, and how they are arranged."""


def score_file(benchmark: Benchmark, file: Path, rows: Path | None = None) -> Scored:
    """Every reply of `file` under both rules."""
    replies = read_replies(file, benchmark, rows)
    scores = rules.scored(benchmark, replies.completions, replies.columns, replies.names)
    return replies, scores, design_of(benchmark, replies)


def design_of(benchmark: Benchmark, replies: Replies) -> Design:
    """How the replies' scores become one number."""
    lines = arrangement(benchmark, replies.completions, replies.columns)
    boxes = {
        rule: [Picture.from_text(text) for line in lines if (text := line[f"{rule}_boxes"]) is not None]
        for rule in RULES
        if benchmark.aggregate in OF_BOXES
    }
    return Design(
        aggregate=benchmark.aggregate,
        samples=replies.samples,
        recall_at=benchmark.recall_at,
        clusters=_texts(line["cluster"] for line in lines) if benchmark.cluster_by else None,
        parts=_texts(line["part"] for line in lines) if benchmark.macro_by else None,
        pictures=boxes,
    )


def summary(
    benchmark: Benchmark,
    scored: Scored,
    base: Scored | None = None,
    judge: Judge | None = None,
    reasons: Sequence[str] = (),
) -> dict[str, Any]:
    """Both rules' numbers, the printed ones beside them, and with `base` the paired difference to it.

    `reasons` say why printed numbers are not comparable whatever they are.
    """
    replies, scores, design = scored
    rows = len(replies.completions) // replies.samples
    found: dict[str, Any] = {
        "benchmark": benchmark.name,
        "title": benchmark.title,
        "n": rows,
        "samples": replies.samples,
        "aggregate": benchmark.aggregate,
    }
    for rule in RULES:
        function = benchmark.published_rule if rule == "published" else benchmark.strict_rule
        values = [one[rule] for one in scores]
        found[rule] = {**estimate.score(values, design, rule), "n": rows, "rule": reference(function)}
        if base is not None:
            order = _pairing(base[0], replies)
            after = [values[place] for place in order]
            before = [one[rule] for one in base[1]]
            found[rule]["gain"] = estimate.difference(before, after, base[2], design.at(order), rule)
    found["golds_unread"] = golds_unread(benchmark, replies)
    found["printed"] = [_beside(plain(one), found["published"], rows, reasons) for one in benchmark.published]
    if judge is not None:
        found["judge"] = _judge(judge, benchmark, scored)
    return found


def golds_unread(benchmark: Benchmark, replies: Replies) -> dict[str, int] | None:
    """Rows whose own gold answer, given as a reply, the rules do not call right: no model can be right there.

    None for benchmarks whose answers take a form of their own.
    """
    if benchmark.source.gold is not None or "answer" not in rules.needed(benchmark.published_rule):
        return None
    open_rows = {rule: set(range(0, len(replies.completions), replies.samples)) for rule in RULES}
    for form in (*PLAIN_FORMS, *FORMS):
        places = sorted(open_rows["published"] | open_rows["strict"])
        if not places:
            break
        table = {name: [values[place] for place in places] for name, values in replies.columns.items()}
        texts = [form.format(answer=answer) for answer in table["answer"]]
        for place, score in zip(places, rules.scored(benchmark, texts, table), strict=True):
            for rule in RULES:
                if score[rule] == 1.0:
                    open_rows[rule].discard(place)
    return {rule: len(places) for rule, places in open_rows.items()}


def write_scores(file: Path, scored: Scored) -> None:
    """A JSON line a reply: row, sample and both scores, in the order of rows."""
    replies, scores, _ = scored
    lines = [
        json.dumps({"row_id": key, "sample": number % replies.samples, **score}) + "\n"
        for number, (key, score) in enumerate(zip(replies.keys, scores, strict=True))
    ]
    try:
        file.write_text("".join(lines), encoding="ascii")
    except OSError as error:
        raise RlvrError(f"{file} cannot be written ({error.strerror}); choose another --out.") from error


def print_summary(found: dict[str, Any], console: Console) -> None:
    """A line a rule, then what is printed elsewhere."""
    rows = counted(found["n"], "row") + (f", {found['samples']} samples each" if found["samples"] > 1 else "")
    console.print(
        f"[bold]{escape(found['title'])}[/bold] ({escape(found['benchmark'])}), {rows}, {_WORDS[found['aggregate']]}\n"
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("rule")
    extras = [*found["published"].get("recall", {}), *(f"pass@{k}" for k in found["published"].get("pass_at", {}))]
    for name in ("score %", "95 % interval", "unread %", *(["gain, points", "gained, lost"] if _gain(found) else [])):
        table.add_column(name, justify="right")
    for name in extras:
        table.add_column(name if name.startswith("pass") else f"R@{name}", justify="right")
    for rule in RULES:
        one = found[rule]
        more = [entry["score_percent"] for kind in ("recall", "pass_at") for entry in one.get(kind, {}).values()]
        table.add_row(
            rule,
            f"{one['score_percent']:.2f}",
            f"{one['low']:.1f} to {one['high']:.1f}",
            f"{one['unparsed_percent']:.1f}",
            *(_signed(one["gain"]) if "gain" in one else []),
            *(f"{value:.2f}" for value in more),
            *["-"] * (len(extras) - len(more)),
        )
    console.print(table)
    if unread := found["golds_unread"]:
        for rule in RULES:
            if unread[rule]:
                count = unread[rule]
                console.print(f"The {rule} rule cannot read {count} of the gold answers: no reply is right there.")
    if found["printed"]:
        console.print("\nPrinted elsewhere, against the published rule's interval:")
        for one in found["printed"]:
            n = f", n = {one['rows']}" if one["rows"] else ""
            why = f" ({'; '.join(one['reasons'])})" if one["reasons"] else ""
            name = f" R@{one['recall_at']:g}" if one["recall_at"] is not None else ""
            line = f"  {one['score_percent']:g}{name} {one['model']}{n}: {one['verdict']}{why}"
            console.print(line, highlight=False, markup=False)
    if judge := found.get("judge"):
        agreement = [
            f"{rule} {'-' if value is None else f'{value:.1f} %'}" for rule, value in judge["agreement_percent"].items()
        ]
        line = f"\nJudge {judge['model']}: {judge['score_percent']:.2f} %; agreement with {', '.join(agreement)}"
        console.print(line, markup=False)


_WORDS = {
    "mean": "mean of the rows",
    "macro_mean": "mean of the parts' means",
    "average_precision": "average precision over all pictures",
    "grouped_average_precision": "mean of the groups' average precisions",
}


def _judge(judge: Judge, benchmark: Benchmark, scored: Scored) -> dict[str, Any]:
    replies, scores, _ = scored
    given = judge_verdict.judged(judge, benchmark, replies.completions, replies.columns)
    by_rule = {rule: [one[rule] for one in scores] for rule in RULES}
    plain_design = Design(samples=replies.samples)
    return {**estimate.score(given, plain_design, "judge"), **judge_verdict.record(judge, benchmark, given, by_rule)}


def _pairing(base: Replies, other: Replies) -> list[int]:
    """Place in `other` of each reply of `base`; both must answer the same rows."""
    if base.samples != other.samples:
        raise RlvrError(f"Both files need the same number of samples a row; they have {base.samples}, {other.samples}.")
    places: dict[tuple[str, int], int] = {}
    for number, key in enumerate(_occurrences(other.keys)):
        places[key] = number
    wanted = _occurrences(base.keys)
    if alone := set(wanted) ^ places.keys():
        raise RlvrError(f"{len(alone)} rows stand in one of the two files only, the first is {sorted(alone)[0][0]!r}.")
    return [places[key] for key in wanted]


def _occurrences(keys: Sequence[str]) -> list[tuple[str, int]]:
    seen: dict[str, int] = {}
    found = []
    for key in keys:
        found.append((key, seen.get(key, 0)))
        seen[key] = seen.get(key, 0) + 1
    return found


def _beside(printed: dict[str, Any], ours: dict[str, Any], rows: int, reasons: Sequence[str]) -> dict[str, Any]:
    why = [*reasons, *published.differences(printed, rows)]
    number = published.measured(ours, printed)
    verdict = "not comparable" if why or number is None else published.position(number, printed)
    return {**printed, "verdict": verdict, "reasons": why}


def _texts(values: Any) -> list[str] | None:
    found = list(values)
    return None if None in found else found


def _gain(found: dict[str, Any]) -> bool:
    return "gain" in found["published"]


def _signed(gain: dict[str, Any]) -> list[str]:
    bounds = f"[{gain['low']:+.1f}, {gain['high']:+.1f}]"
    return [f"{gain['value']:+.2f} {bounds}", f"{gain['gained']}, {gain['lost']}"]
