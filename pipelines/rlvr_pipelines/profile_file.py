"""A profile's TOML file: reading it, what it extends, and names and types of its settings.

A file that says `extends = "cluster"` (a profile that ships, or a path from its own folder) holds only what differs:
tables are merged setting by setting, lists replaced, and `false` takes out what was inherited. Tables `[for.METHOD]`
hold what differs for one method, or one variant, from the rest of the same file.
"""

import difflib
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from importlib.resources import files
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from rlvr.canonical import load
from rlvr.errors import RlvrError

T = TypeVar("T")
Table = dict[str, Any]


def read(name: str, shipped: Collection[str], method: str = "") -> Table:
    """The merged tables of a profile that ships, or of a file whose name ends in .toml, as they are for `method`."""
    if not name.endswith(".toml"):
        if name not in shipped:
            raise RlvrError(
                f"There is no profile {name!r}.{_guess(name, shipped)} Choose one of {', '.join(shipped)}, or give a "
                f"file of your own that ends in .toml."
            )
        text = (files("rlvr_pipelines") / "profiles" / f"{name}.toml").read_text(encoding="utf-8")
        return _chosen(_parsed(text, name), method, name)
    return _extended(Path(name), shipped, method, ())


def _extended(path: Path, shipped: Collection[str], method: str, seen: tuple[Path, ...]) -> Table:
    if path.resolve() in seen:
        raise RlvrError(f"{path} extends itself: {' -> '.join(place.name for place in (*seen, path))}.")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RlvrError(
            f"The profile {path} cannot be read: {error}. Give a TOML file, or one of {', '.join(shipped)}."
        ) from error
    own = _chosen(_parsed(text, str(path)), method, str(path))
    base = own.pop("extends", None)
    if base is None:
        return own
    if not isinstance(base, str):
        raise RlvrError(f'{path}: extends is {base!r}; give the name of a profile, e.g. extends = "cluster".')
    if base.endswith(".toml"):
        return merged(_extended(path.parent / base, shipped, method, (*seen, path.resolve())), own)
    return merged(read(base, shipped, method), own)


def _chosen(table: Table, method: str, where: str) -> Table:
    """The table with what stands for this method merged into the rest, the variant's settings last."""
    from rlvr_pipelines.methods import METHODS

    own = table.pop("for", {})
    if not isinstance(own, dict):
        raise RlvrError(f"{where}: for is {own!r}; it holds tables of settings by method, [for.r1_v].")
    for name, settings in own.items():
        known(name, METHODS, "for", where)
        if not isinstance(settings, dict):
            raise RlvrError(f"{where}: for.{name} is {settings!r}; it is a table of settings.")
        if other := sorted(settings.keys() & {"for", "extends"}):
            raise RlvrError(f"{where}: for.{name} cannot hold {other[0]}; it holds the settings of a profile.")
    for name in dict.fromkeys((method.partition("/")[0], method)):
        table = merged(table, own.get(name, {}))
    return table


def _parsed(text: str, where: str) -> Table:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError also for whole numbers of thousands of digits
        raise RlvrError(f"{where} is not TOML: {error}.") from error


def merged(base: Table, own: Table) -> Table:
    """`base` with the settings of `own`; a method's own values (`method`, `methods`) are not looked into."""
    result = dict(base)
    for key, value in own.items():
        before = base.get(key)
        if key == "method" and isinstance(before, dict) and isinstance(value, dict):
            result[key] = {**before, **value}
        elif key == "methods" and isinstance(before, dict) and isinstance(value, dict):
            result[key] = {**before, **{name: _joined(before.get(name), values) for name, values in value.items()}}
        elif isinstance(before, dict) and isinstance(value, dict):
            result[key] = merged(before, value)
        else:
            result[key] = value
    return result


def _joined(before: Any, own: Any) -> Any:
    """Two tables as one; what is no table is refused later, by name."""
    return {**before, **own} if isinstance(before, dict) and isinstance(own, dict) else own


def structured(cls: type[T], table: Any, path: str, where: str) -> T:
    """`table` as a `cls`; a wrong name or type is an error that names file and setting, and the nearest right name."""
    clean = _checked(cls, table, path, where)
    try:
        return load(cls, clean)
    except RlvrError as error:
        raise RlvrError(f"{where}, [{path}]: {error}") from error


def known(name: str, names: Collection[str], path: str, where: str) -> None:
    """Refuse a setting that is none of `names`."""
    if name not in names:
        full = f"{path}.{name}" if path else name
        raise RlvrError(
            f"{where}: there is no setting {full}.{_guess(name, names)} Known here: {', '.join(sorted(names))}."
        )


def plain_fields(value: Any) -> Table:
    """The fields of a dataclass by name."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _checked(cls: Any, table: Any, path: str, where: str) -> Table:
    """The table without settings that `false` takes out, names and plain types checked."""
    if not isinstance(table, Mapping):
        raise RlvrError(f"{where}: {path} is {table!r}; it is a table of settings, [{path}].")
    hints = get_type_hints(cls)
    names = [field.name for field in fields(cls)]
    clean: Table = {}
    for name, value in table.items():
        known(name, names, path, where)
        kinds = _members(hints[name])
        if value is False and bool not in kinds:
            continue
        inner = next((kind for kind in kinds if is_dataclass(kind)), None)
        if inner is not None:
            clean[name] = _checked(inner, value, f"{path}.{name}", where)
            continue
        item = next((get_args(kind)[0] for kind in kinds if get_origin(kind) is tuple), None)
        if item is not None and is_dataclass(item) and isinstance(value, list):
            clean[name] = [_checked(item, each, f"{path}.{name}", where) for each in value]
            continue
        _require_type(value, kinds, f"{path}.{name}", where)
        clean[name] = _without_false(value)
    return clean


def _require_type(value: Any, kinds: Collection[Any], path: str, where: str) -> None:
    """TOML's types are those of the settings; a whole number may stand for a text (cpu = 8) or a fraction."""
    wanted = {
        bool: ("true or false", isinstance(value, bool)),
        int: ("a whole number", isinstance(value, int) and not isinstance(value, bool)),
        float: ("a number", isinstance(value, int | float) and not isinstance(value, bool)),
        str: ("a text", isinstance(value, str | int) and not isinstance(value, bool)),
    }
    told = [wanted[kind] for kind in kinds if kind in wanted]
    for kind in kinds:
        origin = get_origin(kind)
        if origin is tuple:
            told.append(("a list", isinstance(value, list)))
        elif origin is Literal:
            told.append((f"one of {', '.join(map(repr, get_args(kind)))}", value in get_args(kind)))
        elif isinstance(origin, type) and issubclass(origin, Mapping):
            told.append(("a table", isinstance(value, dict)))
    if told and not any(fits for _, fits in told):
        raise RlvrError(f"{where}: {path} is {value!r}; it is {' or '.join(name for name, _ in told)}.")


def _without_false(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_false(inner) for key, inner in value.items() if inner is not False}
    return value


def _members(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _guess(name: str, names: Collection[str]) -> str:
    near = difflib.get_close_matches(name, list(names), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
