"""Canonical JSON of frozen typed values, both ways.

`dumps` gives the same bytes for equal values (sorted keys, no spaces, ASCII), so a digest of it identifies the value.
A function stands in the JSON as `"module:name"`; unions of dataclasses carry a `"kind"` key with the class name.
"""

import hashlib
import importlib
import inspect
import json
import sys
from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from rlvr.errors import RlvrError

T = TypeVar("T")


def dumps(value: object) -> str:
    """The canonical JSON text of `value`: dataclasses, tuples, mappings, functions and plain JSON values."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest(value: object) -> str:
    """Hexadecimal SHA-256 of the canonical JSON of `value`."""
    return hashlib.sha256(dumps(value).encode()).hexdigest()


def plain(value: object) -> Any:
    """`value` as JSON types only (dict, list, str, int, float, bool, None)."""
    return _converter().unstructure(value)


def load(cls: type[T], data: object) -> T:
    """Build a `cls` from JSON types; unknown or wrong fields raise `RlvrError` naming each path."""
    from cattrs import transform_error
    from cattrs.errors import BaseValidationError

    try:
        value: T = _converter().structure(data, cls)
        return value
    except BaseValidationError as error:
        problems = "; ".join(transform_error(error, path=cls.__name__))
        raise RlvrError(f"{cls.__name__} cannot be read from this JSON: {problems}.") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise RlvrError(f"{cls.__name__} cannot be read from this JSON: {error}.") from error


def reference(function: Callable[..., Any]) -> str:
    """`"module:name"` of a module-level function."""
    if "<" in function.__qualname__:
        raise RlvrError(f"{function.__qualname__} is not a module-level function, so it cannot be named in JSON.")
    return f"{function.__module__}:{function.__qualname__}"


def resolve(text: object) -> Callable[..., Any]:
    """The function that `"module:name"` names; `RlvrError` when there is none.

    Only a function that is written in that module is found: not what it imports, no class, and nothing of Python's own
    library, so that a JSON text cannot name `os:system` in a reward's place.
    """
    if not isinstance(text, str):
        raise RlvrError(f"{str(text)[:60]!r} is not a function; write it as 'package.module:function'.")
    module, _, name = text.partition(":")
    if module.partition(".")[0] in sys.stdlib_module_names:
        raise RlvrError(f"{text!r} is a function of Python's own library, which no setting may name.")
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise RlvrError(f"There is no function {text!r} ({error}); write it as 'package.module:function'.") from error
    if not inspect.isfunction(inspect.unwrap(function) if callable(function) else function):
        raise RlvrError(f"{text!r} is not a function.")
    if function.__module__ != module:
        raise RlvrError(f"{text!r} is written elsewhere; name it as {function.__module__}:{name}.")
    return function  # type: ignore[no-any-return]


def _is_union_of_values(hint: Any) -> bool:
    members = get_args(hint) if get_origin(hint) in (Union, UnionType) else ()
    return len(members) > 1 and all(hasattr(member, "__dataclass_fields__") for member in members)


@cache
def _converter() -> Any:
    import collections.abc
    import types

    from cattrs import Converter

    converter = Converter(forbid_extra_keys=True)

    def is_function(hint: Any) -> bool:
        return get_origin(hint) is collections.abc.Callable

    converter.register_structure_hook_func(is_function, lambda text, _: resolve(text))
    converter.register_unstructure_hook_func(is_function, reference)
    converter.register_unstructure_hook(types.FunctionType, reference)

    converter.register_structure_hook_factory(
        _is_union_of_values, lambda hint: lambda data, _: _structure_union(converter, hint, data)
    )
    converter.register_unstructure_hook_factory(
        _is_union_of_values,
        lambda hint: lambda value: {"kind": type(value).__name__, **converter.unstructure(value)},
    )
    return converter


def _structure_union(converter: Any, hint: Any, data: Any) -> Any:
    kinds = {member.__name__: member for member in get_args(hint)}
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind not in kinds:
        raise ValueError(f"'kind' is {kind!r}; expected one of {', '.join(sorted(kinds))}")
    return converter.structure({key: value for key, value in data.items() if key != "kind"}, kinds[kind])
