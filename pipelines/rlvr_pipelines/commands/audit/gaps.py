"""`rlvr audit gaps`."""

import typer

from rlvr_pipelines.commands.audit.options import HOME, Json, Keys, Store, Witness
from rlvr_pipelines.terminal import Console


def gaps(store: Store = HOME, keys: Keys = None, witness: Witness = None, json: Json = False) -> None:
    """Search the whole store for what no trusted statement explains; exit code 1 when there is something."""
    from rlvr.canonical import plain
    from rlvr.lineage.audit import gaps as asked
    from rlvr_pipelines.audit import audited
    from rlvr_pipelines.audit_view import print_findings

    opened = audited(store, keys, Console(stderr=True), witness)
    findings = asked(opened.store, opened.history)
    if json:
        from json import dumps

        print(dumps(plain(findings), indent=1, sort_keys=True))
    else:
        print_findings(findings, Console())
        count = opened.history.newest[0]
        Console().print(
            f"{count:,} statements, {len(findings)} findings" if findings else f"{count:,} statements, no gap"
        )
    if any(finding.severity == "failure" for finding in findings):
        raise typer.Exit(1)
