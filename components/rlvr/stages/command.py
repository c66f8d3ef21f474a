"""One stage as a command, for workflow engines that know containers and files alone.

    python -m rlvr.stages.command grpo --parameter seed=0 --input start=/in/start --output model=/out/model

It calls the same component as Kubeflow does. Inputs and outputs are the manifest files of artifacts; an input that is a
list is given several times. The exit code is 0 when the stage is done, 65 (EX_DATAERR of sysexits.h) when it would fail
in the same way again, 75 when it was stopped or may succeed later, and 1 for an error that nobody foresaw.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rlvr.errors import RlvrError
from rlvr.launch import EXIT_CODE

FINAL = 65
"""Exit code of a stage that has to be mended before it can succeed: nobody need run it again as it is."""


def main(arguments: Sequence[str]) -> int:
    """Run the stage and return the exit code; errors that people can mend are one line."""
    parser = argparse.ArgumentParser(prog="python -m rlvr.stages.command", description=__doc__.splitlines()[0])
    parser.add_argument("stage", help="module of rlvr.stages, e.g. grpo")
    for kind, form in (("parameter", "NAME=VALUE"), ("input", "NAME=FILE"), ("output", "NAME=FILE")):
        parser.add_argument(f"--{kind}", metavar=form, action="append", default=[])
    given = parser.parse_args(arguments)
    try:
        perform(given.stage, _pairs(given.parameter), _pairs(given.input), _pairs(given.output))
    except RlvrError as error:
        print(f"rlvr: {error}", file=sys.stderr)
        return EXIT_CODE if error.may_pass else FINAL
    return 0


def perform(
    stage: str,
    parameters: Sequence[tuple[str, str]],
    inputs: Sequence[tuple[str, str]],
    outputs: Sequence[tuple[str, str]],
) -> None:
    """Call the component with these parameters, input files and output files, each a list of (name, value)."""
    from kfp import dsl

    component = _component(stage)
    specification = component.component_spec
    wanted, made = specification.inputs or {}, specification.outputs or {}
    arguments: dict[str, Any] = {}
    for name, value in parameters:
        _require(stage, name, wanted)
        arguments[name] = _integer(name, value) if wanted[name].type == "Integer" else value
    for name, place in inputs:
        _require(stage, name, wanted)
        artifact = dsl.Artifact(name=name, uri=place)
        if wanted[name].is_artifact_list:
            arguments.setdefault(name, []).append(artifact)
        else:
            arguments[name] = artifact
    for name, place in outputs:
        _require(stage, name, made)
        arguments[name] = dsl.Metrics(name=name, uri=place)
        Path(place).parent.mkdir(parents=True, exist_ok=True)
    component.python_func(**arguments)


def _integer(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise RlvrError(f"{name} is {text!r}; it is a whole number.") from error


def _component(stage: str) -> Any:
    try:
        component = getattr(importlib.import_module(f"rlvr.stages.{stage}"), stage, None)
    except ModuleNotFoundError as error:
        if error.name != f"rlvr.stages.{stage}":
            raise
        component = None
    if not hasattr(component, "python_func"):
        raise RlvrError(f"There is no stage {stage!r} in rlvr.stages.")
    return component


def _require(stage: str, name: str, known: dict[str, Any]) -> None:
    if name not in known:
        raise RlvrError(f"Stage {stage} knows no {name!r}; it knows {', '.join(known)}.")


def _pairs(texts: Sequence[str]) -> list[tuple[str, str]]:
    pairs = []
    for text in texts:
        name, found, value = text.partition("=")
        if not found:
            raise RlvrError(f"{text!r} is not of the form NAME=VALUE.")
        pairs.append((name, value))
    return pairs


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
