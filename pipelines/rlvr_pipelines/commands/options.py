"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

MethodName = Annotated[str, typer.Argument(metavar="METHOD", help="A name from `rlvr methods`.")]
ProfileName = Annotated[str, typer.Option("--profile", help="laptop, node, cluster, or a FILE.toml of yours.")]
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
Gpu = Annotated[
    str,
    typer.Option(
        "--gpu",
        metavar="NAME",
        help="l4-24, a100-40, l40s-48, a100-80, h100-80, h200-141 or b200-180; by default what the profile's "
        "node selector names, else h100-80.",
    ),
]
SkipFit = Annotated[
    bool, typer.Option("--skip-fit", help="Go on even if `rlvr plan` says that the GPUs' memory is too small.")
]
