"""What people bring to a method: rows, a base model, rewards and settings of their own.

    rlvr run r1_v --data pictures/ --columns image=file,problem=question,solution=answer --reward mine.py:brief=0.5

Each becomes a change by path (see `rlvr.overrides`) or a further reward, so that the report and provenance can say
what was changed; a run with changes is no reproduction.
"""

import hashlib
import inspect
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from rlvr.canonical import resolve
from rlvr.errors import RlvrError
from rlvr.method import Reward
from rlvr.overrides import parse
from rlvr_pipelines.profiles import Profile


def with_own(
    profile: Profile,
    *,
    data: str = "",
    files: str = "",
    columns: str = "",
    base: str = "",
    rewards: Sequence[str] = (),
    settings: Sequence[str] = (),
) -> Profile:
    """`profile` with what the user brings; `settings` come last, so they can change everything else."""
    changed: dict[str, object] = {}
    if data:
        changed["tasks.*.source.location"] = data
        if data != "synthetic":
            changed["tasks.*.source.limit"] = None
    if columns:
        changed["tasks.*.source.rename"] = _columns(columns)
    if files or columns:
        changed["tasks.*.source.files"] = files or "*"
        changed["tasks.*.source.read"] = None  # one's own files are not laid out as the publisher's
    if base:
        changed["backbone.location"] = base
    changed |= dict(parse(text) for text in settings)
    return replace(profile, changed=changed, rewards=tuple(_reward(text) for text in rewards))


def _columns(text: str) -> dict[str, str]:
    """`problem=question,solution=answer` -> {"problem": "question", "solution": "answer"}."""
    named: dict[str, str] = {}
    for part in text.split(","):
        upstream, found, own = (piece.strip() for piece in part.partition("="))
        if not (upstream and found and own):
            raise RlvrError(
                f"--columns: {part!r} is not of the form UPSTREAM=YOURS, e.g. problem=question,solution=answer."
            )
        named[upstream] = own
    return named


def _reward(text: str) -> Reward:
    """`module:function` or `file.py:function`, with `=WEIGHT` behind it where the weight is not 1."""
    name, _, weight = text.partition("=")
    module, found, function = name.rpartition(":")
    if not found or not module or not function:
        raise RlvrError(f"--reward: {text!r} is not of the form MODULE:FUNCTION or MODULE:FUNCTION=WEIGHT.")
    try:
        factor = float(weight or 1)
    except ValueError as error:
        raise RlvrError(f"--reward: the weight {weight!r} of {name} is not a number.") from error
    made = _imported(module, function)
    parameters = list(inspect.signature(made).parameters.values())
    if not parameters or not any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters):
        raise RlvrError(
            f"--reward: {function} must have the form `def {function}(completions, **columns)` and return a list with "
            f"one score a completion; it is {function}{inspect.signature(made)}."
        )
    source = inspect.getsourcefile(made)
    digest = hashlib.sha256(Path(source).read_bytes()).hexdigest() if source else ""
    return Reward(function=made, weight=factor, code=digest)


def _imported(module: str, function: str) -> Callable[..., list[float | None]]:
    """The function; `RlvrError` with the line where importing its module fails."""
    try:
        return resolve(f"{_importable(module)}:{function}")
    except RlvrError:
        raise
    except Exception as error:  # code of people's own raises whatever it does
        line = error.lineno if isinstance(error, SyntaxError) else traceback.extract_tb(error.__traceback__)[-1].lineno
        raise RlvrError(
            f"--reward: {module} cannot be imported: {type(error).__name__} in line {line}: "
            f"{error.msg if isinstance(error, SyntaxError) else error}. Mend it and run again."
        ) from error


def _importable(module: str) -> str:
    """The module's name; its folder (the current one, or the file's) is put where imports look, in stages too."""
    path = Path(module)
    folder, name = (path.parent, path.stem) if path.suffix == ".py" else (Path(), module)
    if path.suffix == ".py" and not path.is_file():
        raise RlvrError(f"--reward: there is no file {module}.")
    place = str(folder.resolve())
    if place not in sys.path:
        sys.path.insert(0, place)
    before = os.environ.get("PYTHONPATH", "")
    if place not in before.split(os.pathsep):
        os.environ["PYTHONPATH"] = place + (os.pathsep + before if before else "")
    return name
