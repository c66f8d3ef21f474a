"""`python -m rlvr_pipelines` is the `rlvr` command."""

from rlvr_pipelines.cli import main

main()
