"""The `rlvr` command."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rlvr.errors import RlvrError

app = typer.Typer(
    name="rlvr",
    help="Reproduce R1-style multimodal RL: data, verification, GRPO, evaluation and report, on a laptop or Kubeflow.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

MethodName = Annotated[str, typer.Argument(metavar="METHOD", help="A name from `rlvr methods`.")]
ProfileName = Annotated[str, typer.Option("--profile", help="laptop or cluster.")]
Home = Annotated[Path, typer.Option("--home", envvar="RLVR_HOME", help="Folder for runs and the default store.")]
StoreUrl = Annotated[
    str, typer.Option("--store", envvar="RLVR_STORE", help="Artifact store: a folder or s3://bucket/prefix.")
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change one value, e.g. stages.grpo.steps=50.")
]
Data = Annotated[
    str, typer.Option("--data", help="Training rows: a folder, s3://bucket/prefix, hub:ID@COMMIT or synthetic.")
]
Files = Annotated[
    str, typer.Option("--files", metavar="GLOB", help="Which files of --data are read, e.g. 'data/*.parquet'.")
]
Columns = Annotated[
    str,
    typer.Option("--columns", metavar="THEIRS=YOURS,...", help="Upstream columns and yours, e.g. problem=question."),
]
Rewards = Annotated[
    list[str] | None,
    typer.Option("--reward", metavar="MODULE:FUNCTION[=WEIGHT]", help="A further reward, e.g. mine.py:brief=0.5."),
]
Base = Annotated[
    str, typer.Option("--base", help="Base model: a checkpoint folder, s3://bucket/prefix, hub, tiny or smol.")
]


@app.command()
def methods() -> None:
    """List the methods and their variants."""
    from rlvr_pipelines.methods import FAMILIES
    from rlvr_pipelines.show import table

    Console().print(table(list(FAMILIES.values())))


@app.command()
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
        chosen = find_profile(profile).scaled(chosen)
    if json:
        print(dumps(chosen))
    else:
        family = name.partition("/")[0]
        others = [other for other in METHODS if other.partition("/")[0] == family and other != name]
        page(chosen, Console(), variants=others, everything=all_)


@app.command()
def run(
    name: MethodName,
    profile: ProfileName = "laptop",
    seed: Annotated[int, typer.Option("--seed", help="Seed of data, order and sampling.")] = 0,
    home: Home = Path(".rlvr"),
    store: StoreUrl = "",
    data: Data = "",
    files: Files = "",
    columns: Columns = "",
    base: Base = "",
    reward: Rewards = None,
    set_: Settings = None,
) -> None:
    """Run a method's whole pipeline here; an interrupted run goes on where it stopped."""
    from rlvr_pipelines.local import run as run_here
    from rlvr_pipelines.methods import method
    from rlvr_pipelines.own import with_own
    from rlvr_pipelines.profiles import profile as find_profile
    from rlvr_pipelines.progress_view import ProgressView
    from rlvr_pipelines.summary import print_summary

    console = Console(file=sys.stdout)
    chosen = method(name)
    sized = with_own(
        find_profile(profile), data=data, files=files, columns=columns, base=base, rewards=reward or (),
        settings=set_ or (),
    )  # fmt: skip
    scaled = sized.scaled(chosen)
    console.print(f"[bold]{chosen.title}[/bold] on the {sized.name} profile, seed {seed}: {sized.description}")
    for entry in scaled.tasks:
        location = entry.source.location
        if "://" not in location and not location.startswith("hub") and location != "synthetic":
            _require_folder(location, f"task {entry.name}")
    where = store or str((home / "store").resolve())
    folder = run_here(chosen, sized, home=home.resolve(), store=where, seed=seed, view=ProgressView(console))
    print_summary(folder, console)


@app.command()
def compile(
    name: MethodName,
    output: Annotated[Path, typer.Option("-o", "--output", help="The .yaml file to write.")],
    profile: ProfileName = "cluster",
    store: StoreUrl = "s3://rlvr/store",
    lock: Annotated[Path, typer.Option("--lock", help="Image digests.")] = Path("images/images.lock"),
    allow_unpinned: Annotated[bool, typer.Option("--allow-unpinned", help="Accept images without digest.")] = False,
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
    compile_pipeline(method(name), sized, output, store=store, lock=lock, allow_unpinned=allow_unpinned)
    Console().print(f"{output} ({output.stat().st_size:,} bytes)")


@app.command()
def reward(
    name: Annotated[str, typer.Argument(metavar="METHOD[/TASK]", help="A name from `rlvr methods`, and a task of it.")],
    completions: Annotated[
        Path, typer.Option("--completions", help="JSON lines: completion and the rewards' columns.")
    ],
    rows: Annotated[
        Path | None, typer.Option("--rows", help="Folder with rows.parquet; lines then need completion and row_id.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Score completions with each reward of a method, without training."""
    from dataclasses import asdict

    from rlvr_pipelines.methods import METHODS, method
    from rlvr_pipelines.score_completions import print_scores, score_file, split

    chosen, task = split(name, METHODS, method)
    scored = score_file(chosen, task, completions, rows)
    if json:
        from json import dumps

        print("\n".join(dumps(asdict(one)) for one in scored))
    else:
        print_scores(chosen, scored, Console())


def _require_folder(location: str, what: str) -> None:
    if not Path(location).is_dir():
        raise RlvrError(
            f"The folder {location} of {what} does not exist. Give a folder with the data set's files, "
            f"s3://bucket/prefix, hub:ID@<40-hex commit>, or synthetic."
        )


def main() -> None:
    """Run the command; what the user can mend is one paragraph on stderr and exit code 1, an interruption is 130."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        app()
    except RlvrError as error:
        Console(stderr=True, highlight=False).print(f"[bold red]rlvr:[/bold red] {_plain(str(error))}")
        sys.exit(1)
    except KeyboardInterrupt:
        Console(stderr=True).print("Interrupted; the same command goes on where it stopped.")
        sys.exit(130)


def _plain(text: str) -> str:
    """Text without markup or control characters: messages may quote file names and data."""
    from rich.markup import escape

    return escape("".join(letter for letter in text if letter.isprintable() or letter == "\n"))
