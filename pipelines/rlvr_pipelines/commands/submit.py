"""`rlvr submit METHOD`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from rlvr_pipelines.commands.cluster_options import Lock, Timeout, Unpinned, at_kubeflow
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
from rlvr_pipelines.kubeflow.connection import Address
from rlvr_pipelines.terminal import Console


@at_kubeflow
def submit(
    name: MethodName,
    profile: ProfileName = "cluster",
    seed: Annotated[int, typer.Option("--seed", help="Seed of data, order and sampling.")] = 0,
    store: StoreUrl = "s3://rlvr/store",
    experiment: Annotated[str, typer.Option("--experiment", help="Group of runs that it belongs to.")] = "rlvr",
    account: Annotated[str, typer.Option("--service-account", help="Service account of its pods.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Start it even if the same run is there already.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for its end, as `rlvr wait` does.")] = False,
    timeout: Timeout = None,
    lock: Lock = Path("images/images.lock"),
    allow_unpinned: Unpinned = False,
    cross_check: Annotated[
        bool, typer.Option("--cross-check", help="Let lmms-eval score both models, too, on the benchmarks it shares.")
    ] = False,
    promote: Annotated[
        bool, typer.Option("--promote", help="End in the gate: a better model than the champion becomes the champion.")
    ] = False,
    data: Data = "",
    files: Files = "",
    columns: Columns = "",
    base: Base = "",
    reward: Rewards = None,
    set_: Settings = None,
    gpu: Gpu = "",
    skip_fit: SkipFit = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    *,
    address: Address,
) -> None:
    """Run a method on Kubeflow: upload its pipeline if it is new, start a run unless the same one is there."""
    from rlvr_pipelines.commands.wait import follow
    from rlvr_pipelines.kubeflow.connection import connect
    from rlvr_pipelines.kubeflow.package import package
    from rlvr_pipelines.kubeflow.submission import submit as submit_run
    from rlvr_pipelines.methods import method
    from rlvr_pipelines.own import with_own
    from rlvr_pipelines.plan_setting import require_fit
    from rlvr_pipelines.profiles import profile as find_profile

    sized = with_own(
        find_profile(profile, name), data=data, files=files, columns=columns, base=base, rewards=reward or (),
        settings=set_ or (),
    )  # fmt: skip
    sized = replace(sized, cross_check=cross_check or sized.cross_check, promote=promote or sized.promote)
    chosen = method(name)
    if not skip_fit:
        require_fit(chosen, sized, profile, gpu)
    packed = package(chosen, sized, store=store, lock=lock, allow_unpinned=allow_unpinned)
    connection = connect(address)
    parameters = {"store": store, "seed": seed}
    done = submit_run(connection, packed, parameters, experiment=experiment, service_account=account, again=again)
    page, console = connection.run_page(done.run_id), Console(highlight=False, soft_wrap=True)
    if json:
        from json import dumps

        told = {"run_id": done.run_id, "name": done.name, "state": done.state, "new": done.new, "page": page}
        print(dumps({**told, "pipeline": packed.pipeline, "version": done.version}))
    else:
        known = "uploaded" if done.version_new else "already there"
        console.print(f"Pipeline {packed.pipeline}, version {done.version} ({known})", markup=False)
        started = "started" if done.new else f"already there, {done.state.lower()}; --again starts another"
        console.print(f"Run      {done.run_id} {done.name} ({started})", markup=False)
        console.print(f"Page     {page}", markup=False)
    if wait:
        follow(connection, done.run_id, timeout, Console(stderr=json))
