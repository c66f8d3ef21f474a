"""Options that several commands share, handed to each as one value."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

Command = Callable[..., None]

REQUIRED = inspect.Parameter.empty
"""Default of an option that has to be given."""


def grouped(
    parameter: str, build: Callable[..., object], options: Mapping[str, tuple[Any, Any]]
) -> Callable[[Command], Command]:
    """A decorator that puts `options` in the place of a command's parameter.

    `options` maps names to annotation and default; the command gets what `build` makes of their values.
    """

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def asked(**given: Any) -> None:
            values = {name: given.pop(name) for name in options}
            command(**given, **{parameter: build(**values)})

        own = [one for one in inspect.signature(command).parameters.values() if one.name != parameter]
        shared = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
            for name, (kind, default) in options.items()
        ]
        parameters = [*(one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own), *shared]
        asked.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what Typer reads
        asked.__annotations__ = {one.name: one.annotation for one in parameters}
        return asked

    return decorate
