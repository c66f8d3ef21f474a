"""`rlvr plan METHOD`."""

from pathlib import Path
from typing import Annotated

import typer

from rlvr_pipelines.commands.options import Gpu, MethodName, Settings
from rlvr_pipelines.terminal import Console


def plan(
    name: MethodName,
    profile: Annotated[str, typer.Option("--profile", help="node, cluster, or a file of your own.")] = "cluster",
    gpu: Gpu = "",
    set_: Settings = None,
    pixels: Annotated[
        int, typer.Option("--pixels", help="Area of a picture before the stage's own limits.")
    ] = 1_048_576,
    pictures: Annotated[int, typer.Option("--pictures", help="Pictures a prompt.")] = 1,
    text: Annotated[int, typer.Option("--text", help="Tokens of a prompt besides its pictures.")] = 300,
    response: Annotated[int, typer.Option("--response", help="Tokens of a reference response (SFT).")] = 1024,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="FILE.toml", help="Write the nearest profile that fits.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compute what a method needs of GPUs, hosts and disks; says what would fit where it does not (exit code 1)."""
    from rlvr.plan.assumptions import Assumptions
    from rlvr_pipelines.methods import method
    from rlvr_pipelines.own import with_own
    from rlvr_pipelines.plan_command import run
    from rlvr_pipelines.plan_setting import setting_of, with_scale
    from rlvr_pipelines.profiles import profile as find_profile

    spread, others = with_scale(find_profile(profile, name), set_ or ())
    sized = with_own(spread, settings=others)
    assumed = Assumptions(picture_pixels=pixels, pictures=pictures, text_tokens=text, response_tokens=response)
    if not run(sized.scaled(method(name)), profile, setting_of(sized, gpu, assumed), Console(), write=write, json=json):
        raise typer.Exit(1)
