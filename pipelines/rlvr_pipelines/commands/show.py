"""`rlvr show METHOD`."""

from typing import Annotated

import typer

from rlvr_pipelines.commands.options import MethodName
from rlvr_pipelines.terminal import Console


def show(
    name: MethodName,
    profile: Annotated[str, typer.Option("--profile", help="Show the method as this profile runs it.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="List settings with the package's defaults too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the canonical JSON.")] = False,
) -> None:
    """Print one method: data, rewards, hyper-parameters with their sources, departures, published numbers."""
    from rlvr.canonical import dumps
    from rlvr_pipelines.methods import METHODS, method
    from rlvr_pipelines.profiles import profile as find_profile
    from rlvr_pipelines.show import page

    chosen = method(name)
    if profile:
        chosen = find_profile(profile, name).scaled(chosen)
    if json:
        print(dumps(chosen))
    else:
        family = name.partition("/")[0]
        others = [other for other in METHODS if other.partition("/")[0] == family and other != name]
        page(chosen, Console(), variants=others, everything=all_)
