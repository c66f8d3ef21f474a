"""The run in a dozen lines of Markdown, for Kubeflow's viewer and for logs: verdict, table, what it is worth."""

from collections.abc import Mapping
from typing import Any

from rlvr.report.text import count, interval, percent, plain_markdown


def short_summary(told: Mapping[str, Any]) -> str:
    """Markdown text; `told` is what `rlvr.report.page` tells its templates."""
    numbers, titles, said = told["numbers"], told["titles"], plain_markdown
    lines = [
        f"## {said(numbers['title'])}: {told['headline']['title'].lower()}",
        "",
        f"Profile {said(numbers['profile'])}, seed {numbers['seed']}. {said(told['headline']['sentence'])}",
        "",
    ]
    if told["banner"]:
        lines += [f"**Not a reproduction.** {said(' '.join(told['banner']))}", ""]
    lines += [
        "| Benchmark | Rows | Base, % | Tuned, % | Difference, points | Unparsed, % |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for entry in numbers["benchmarks"]:
        unparsed = " → ".join(
            percent(entry[role]["unparsed_percent"] if entry[role] else None) for role in ("base", "tuned")
        )
        cells = [
            said(titles[entry["name"]]),
            count(entry["n"]),
            interval(entry["base"], "score_percent"),
            interval(entry["tuned"], "score_percent"),
            interval(entry["difference"], "value"),
            unparsed,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    digest = numbers["digests"].get("tuned")
    lines += ["", "95 % intervals, the publication's own scoring rule; differences are paired on the same rows."]
    lines += ["", f"Tuned model `sha256:{digest}`."] if digest else []
    return "\n".join(lines) + "\n"
