"""Methods as JSON, overrides by path, profiles: any change gives a method or an error that names what is wrong."""

import copy

import pytest
from fuzzing import bounded, pieces, scalars, trying, values
from hypothesis import given
from hypothesis import strategies as st

from rlvr.canonical import dumps, load
from rlvr.errors import RlvrError
from rlvr.launch.work import Work
from rlvr.lineage.policy import Policy
from rlvr.method import Method, Reward
from rlvr.overrides import apply, changes
from rlvr.store.tree import Manifest
from rlvr.training import Grpo, Scale
from rlvr_pipelines.methods import METHODS
from rlvr_pipelines.profile_file import structured
from rlvr_pipelines.run_settings import RunSettings

METHOD = METHODS["vl_rethinker"]


def places(value, path=()):
    """The path of every value in a JSON value."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*path, key))


def replaced(value, path, by):
    """A copy of `value` with `by` at a place."""
    if not path:
        return by
    result = copy.copy(value)
    result[path[0]] = replaced(value[path[0]], path[1:], by)
    return result


def test_a_method_as_json_with_one_thing_changed():
    whole = METHOD.to_json()

    @trying(150)
    @given(st.sampled_from(list(places(whole))[1:]), values)
    def target(path, value):
        try:
            with bounded():
                made = Method.from_json(replaced(whole, path, value))
        except RlvrError as error:
            assert str(error)
            return
        assert Method.from_json(made.to_json()) == made or dumps(made)  # NaN is not equal to itself

    target()


def test_any_path_and_value_on_the_command_line():
    names = sorted({str(key) for path in places(METHOD.to_json()) for key in path if isinstance(key, str)})
    steps = st.lists(st.one_of(st.sampled_from(names), st.sampled_from(("*", "", "0")), pieces), min_size=1, max_size=5)

    @trying(150)
    @given(steps.map(".".join), values)
    def target(path, value):
        try:
            with bounded():
                changed = apply(METHOD, {path: value})
                changes(METHOD, changed)
        except RlvrError as error:
            assert str(error)

    target()


def test_every_real_path_with_any_value():
    """Names stand for members of lists, as the command line has it."""
    whole = METHOD.to_json()

    def named(path):
        value, steps = whole, []
        for key in path:
            item = value[key]
            label = item.get("name") or item.get("function", "?").rpartition(":")[2] if isinstance(item, dict) else key
            steps.append(str(label if isinstance(value, list) else key))
            value = item
        return ".".join(steps)

    paths = sorted({named(path) for path in list(places(whole))[1:]})

    @trying(150)
    @given(st.sampled_from(paths), values)
    def target(path, value):
        try:
            with bounded():
                apply(METHOD, {path: value})
        except RlvrError as error:
            assert str(error)

    target()


@pytest.mark.parametrize("kind", [Grpo, Scale, Manifest, Policy, Reward, Work], ids=lambda kind: kind.__name__)
def test_any_json_for_a_value(kind):
    names = st.sampled_from([*kind.__dataclass_fields__, "kind", ""])

    @trying(60)
    @given(st.one_of(values, st.dictionaries(names, values, max_size=4)))
    def target(data):
        try:
            with bounded():
                load(kind, data)
        except RlvrError as error:
            assert kind.__name__ in str(error) or str(error)

    target()


def test_any_table_of_a_profile():
    names = st.sampled_from([*RunSettings.__dataclass_fields__, "x"])

    @trying(60)
    @given(st.dictionaries(names, st.one_of(scalars, values), max_size=4))
    def target(table):
        try:
            with bounded():
                structured(RunSettings, table, "run", "mine.toml")
        except RlvrError as error:
            assert "mine.toml" in str(error)

    target()
