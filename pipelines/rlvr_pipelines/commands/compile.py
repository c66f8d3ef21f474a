"""`rlvr compile METHOD -o FILE`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rlvr_pipelines.commands.options import (
    Base,
    Columns,
    Data,
    Files,
    MethodName,
    ProfileName,
    Rewards,
    Settings,
    StoreUrl,
)


def compile(
    name: MethodName,
    output: Annotated[Path, typer.Option("-o", "--output", help="The .yaml file to write.")],
    profile: ProfileName = "cluster",
    store: StoreUrl = "s3://rlvr/store",
    lock: Annotated[Path, typer.Option("--lock", help="Image digests.")] = Path("images/images.lock"),
    allow_unpinned: Annotated[bool, typer.Option("--allow-unpinned", help="Accept images without digest.")] = False,
    cross_check: Annotated[
        bool, typer.Option("--cross-check", help="Let lmms-eval score both models, too, on the benchmarks it shares.")
    ] = False,
    data: Data = "",
    files: Files = "",
    columns: Columns = "",
    base: Base = "",
    reward: Rewards = None,
    set_: Settings = None,
) -> None:
    """Write a method's pipeline as Kubeflow IR YAML."""
    from rlvr_pipelines.compile import compile_pipeline
    from rlvr_pipelines.methods import method
    from rlvr_pipelines.own import with_own
    from rlvr_pipelines.profiles import profile as find_profile

    sized = with_own(
        find_profile(profile), data=data, files=files, columns=columns, base=base, rewards=reward or (),
        settings=set_ or (),
    )  # fmt: skip
    sized = replace(sized, cross_check=cross_check or sized.cross_check)
    compile_pipeline(method(name), sized, output, store=store, lock=lock, allow_unpinned=allow_unpinned)
    Console().print(f"{output} ({output.stat().st_size:,} bytes)")
