"""`rlvr audit verify ARTIFACT`."""

from pathlib import Path
from typing import Annotated

import typer

from rlvr_pipelines.commands.audit.options import HOME, Artifact, Json, Keys, Store, Witness
from rlvr_pipelines.commands.cluster_options import at_kubeflow
from rlvr_pipelines.kubeflow.connection import Address
from rlvr_pipelines.terminal import Console

POLICY_NOT_MET = 3
"""Exit code of an artifact that stands up and does not meet the policy."""


@at_kubeflow
def verify(
    artifact: Artifact,
    store: Store = HOME,
    keys: Keys = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE.toml", help="What the artifact must show besides.")
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE.html", help="Also draw it as a page.")] = None,
    witness: Witness = None,
    kubeflow: Annotated[
        bool, typer.Option("--kubeflow", help="Also ask Kubeflow Pipelines whether the runs were as stages say.")
    ] = False,
    json: Json = False,
    *,
    address: Address,
) -> None:
    """Read all bytes again, check signatures and history back to pinned sources.

    Exit codes: 0 it stands up, 1 it does not, 3 it does but misses the policy.
    """
    from dataclasses import replace

    from rlvr.lineage.audit import verify as judged
    from rlvr.lineage.policy import judge, read_policy
    from rlvr.report.audit_page import build
    from rlvr_pipelines.audit import audited, cross_checked
    from rlvr_pipelines.audit_view import print_verdict, told

    asked = read_policy(policy) if policy else None
    opened = audited(store, keys, Console(stderr=True), witness)
    digest = opened.artifact(artifact)
    with Console(stderr=True).status("Reading bytes") as status:
        verdict = judged(
            opened.store,
            opened.history,
            opened.keys,
            digest,
            advance=lambda name: status.update(f"Reading what {name} made"),
        )
    if kubeflow:
        verdict = replace(verdict, findings=(*verdict.findings, *cross_checked(opened.graph, digest, address)))
    if asked is not None:
        unmet = judge(asked, opened.graph, opened.keys, verdict)
        verdict = replace(verdict, findings=(*verdict.findings, *unmet))
    if html is not None:
        build(opened.graph, verdict, html, opened.store.url)
    if json:
        from json import dumps

        print(dumps(told(verdict), indent=1, sort_keys=True))
    else:
        print_verdict(verdict, Console())
        if html is not None:
            Console().print(f"\nPage: {html}", markup=False, highlight=False, soft_wrap=True)
    if not verdict.passed:
        raise typer.Exit(POLICY_NOT_MET if verdict.stands else 1)
