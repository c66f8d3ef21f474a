"""`rlvr compile METHOD -o FILE`."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rlvr.errors import RlvrError
from rlvr_pipelines.commands.options import (
    Base,
    Columns,
    Data,
    Files,
    Gpu,
    MethodName,
    ProfileName,
    Rewards,
    Settings,
    SkipFit,
    StoreUrl,
)
from rlvr_pipelines.terminal import Console


class Target(StrEnum):
    """What runs the pipeline."""

    KUBEFLOW = "kubeflow"
    KUBERNETES = "kubernetes"
    ARGO = "argo"


def compile(
    name: MethodName,
    output: Annotated[Path, typer.Option("-o", "--output", help="The .yaml file to write.")],
    profile: ProfileName = "cluster",
    store: StoreUrl = "s3://rlvr/store",
    lock: Annotated[Path, typer.Option("--lock", help="Image digests.")] = Path("images/images.lock"),
    allow_unpinned: Annotated[bool, typer.Option("--allow-unpinned", help="Accept images without digest.")] = False,
    target: Annotated[
        Target,
        typer.Option(
            "--target",
            help="kubeflow: IR YAML to upload; kubernetes: Pipeline and PipelineVersion resources for GitOps; argo: a "
            "WorkflowTemplate for Argo Workflows without Kubeflow.",
        ),
    ] = Target.KUBEFLOW,
    namespace: Annotated[
        str, typer.Option("--namespace", help="Namespace written into the resources (kubernetes, argo).")
    ] = "",
    cron: Annotated[
        str, typer.Option("--cron", metavar="'M H D M W'", help="With argo: a CronWorkflow, too, that runs it then.")
    ] = "",
    timezone: Annotated[str, typer.Option("--timezone", help="Time zone of --cron.")] = "Etc/UTC",
    cross_check: Annotated[
        bool, typer.Option("--cross-check", help="Let lmms-eval score both models, too, on the benchmarks it shares.")
    ] = False,
    data: Data = "",
    files: Files = "",
    columns: Columns = "",
    base: Base = "",
    reward: Rewards = None,
    set_: Settings = None,
    gpu: Gpu = "",
    skip_fit: SkipFit = False,
) -> None:
    """Write a method's pipeline for Kubeflow, as Kubernetes resources, or for Argo Workflows."""
    from rlvr_pipelines.argo.emit import argo_yaml
    from rlvr_pipelines.compile import pipeline_yaml, write_yaml
    from rlvr_pipelines.kubernetes_resources import kubernetes_yaml, require_namespace
    from rlvr_pipelines.methods import method
    from rlvr_pipelines.own import with_own
    from rlvr_pipelines.plan_setting import require_fit
    from rlvr_pipelines.profiles import profile as find_profile

    if cron and target is not Target.ARGO:
        raise RlvrError("--cron belongs to --target argo; Kubeflow's schedules are made by `rlvr schedule`.")
    if namespace and target is Target.KUBEFLOW:
        raise RlvrError("--namespace belongs to --target kubernetes and argo; an uploaded pipeline names none.")
    require_namespace(namespace or None)
    chosen = method(name)
    sized = with_own(
        find_profile(profile, name), data=data, files=files, columns=columns, base=base, rewards=reward or (),
        settings=set_ or (),
    )  # fmt: skip
    sized = replace(sized, cross_check=cross_check or sized.cross_check)
    if not skip_fit:
        require_fit(chosen, sized, profile, gpu)
    if target is Target.KUBERNETES:
        made = kubernetes_yaml(
            chosen, sized, store=store, lock=lock, namespace=namespace or None, allow_unpinned=allow_unpinned
        )
    else:
        made = pipeline_yaml(chosen, sized, store=store, lock=lock, allow_unpinned=allow_unpinned)
        if target is Target.ARGO:
            made = argo_yaml(made, sized, namespace=namespace or None, cron=cron, timezone=timezone)
    write_yaml(output, made)
    Console().print(f"{output} ({output.stat().st_size:,} bytes)", markup=False)
