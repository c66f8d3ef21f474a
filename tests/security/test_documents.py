"""YAML, TOML and JSON that strangers made: no tags, no entities, no endless nesting, no numbers that take hours."""

import resource

import pytest

from rlvr.errors import RlvrError
from rlvr.lineage.envelope import opened
from rlvr.lineage.policy import read_policy
from rlvr.overrides import parse
from rlvr.store.local import LocalStore
from rlvr.store.tree import parse as parse_manifest
from rlvr_pipelines.profiles import profile
from rlvr_pipelines.schedules.located_yaml import MAX_BYTES, read
from rlvr_pipelines.schedules.schedule_file import read_file

LAUGHS = "a: &a [lol, lol]\n" + "".join(
    f"{chr(98 + number)}: &{chr(98 + number)} [{', '.join(['*' + chr(97 + number)] * 9)}]\n" for number in range(9)
)
YAML = {
    "billion laughs": LAUGHS,
    "an anchor alone": "a: &x 1",
    "merge": "a: &x {b: 1}\nc: {<<: *x}",
    "a Python object": "!!python/object/apply:os.system ['touch owned']",
    "a Python name": "a: !!python/name:os.system",
    "a Python module": "a: !!python/module:os",
    "a tag of one's own": "a: !include /etc/passwd",
    "nested without end": "[" * 50_000,
    "mappings without end": "{a: " * 20_000,
    "indented without end": "".join(" " * depth + "a:\n" for depth in range(1_300)),
    "too long": "a: " + "b" * (MAX_BYTES + 1),
    "a repeated key": "a: 1\na: 2",
    "a key that is no text": "? [a]\n: 1",
    "a control character": "a: \x00",
    "bytes": "a: !!binary x",
}


@pytest.mark.parametrize("name", YAML)
def test_yaml_is_plain_data_or_refused(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "schedules.yaml"
    path.write_text(YAML[name])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(RlvrError, match="schedules.yaml"):
        read_file(path)
    assert not (tmp_path / "owned").exists()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes


@pytest.mark.parametrize(
    "text", ["a: 1e999999999", "a: 0x" + "f" * 20_000, "a: " + "9" * 5_000, "a: 2026-13-45", "a: 1:" + "5:" * 500 + "5"]
)
def test_yaml_scalars_cost_nothing(text, tmp_path):
    path = tmp_path / "schedules.yaml"
    path.write_text(text)
    try:
        read(path)
    except RlvrError as error:
        assert "schedules.yaml, line 1" in str(error)


TOML = {
    "nested without end": "a = " + "[" * 50_000,
    "tables without end": "a = " + "{b = " * 20_000,
    "dotted without end": ".".join("a" * 5_000) + " = 1",
    "a number of many digits": "a = " + "9" * 5_000,
    "not UTF-8": "a = '\udcff'",
    "not TOML": "a = ",
    "a NUL": "a = '\0'",
}


@pytest.mark.parametrize("name", TOML)
def test_profiles_and_policies_are_refused_by_name(name, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(TOML[name].encode("utf-8", "surrogateescape"))
    for act in (lambda: read_policy(path), lambda: profile(str(path))):
        with pytest.raises(RlvrError, match="mine.toml"):
            act()


def test_a_profile_cannot_be_extended_from_anywhere(tmp_path):
    path = tmp_path / "mine.toml"
    for base in (
        "../../../../etc/passwd",
        "http://evil.example/x.toml",
        "mine.toml",
        "/dev/stdin.toml",
        "cluster\\u0000",
    ):
        path.write_text(f'extends = "{base}"')
        with pytest.raises(RlvrError):
            profile(str(path))


JSON = {
    "nested without end": "[" * 200_000,
    "objects without end": '{"a":' * 200_000,
    "a number of many digits": "9" * 5_000,
    "infinity": "1e999",
    "not a number": "NaN",
    "another shape": "[1]",
    "nothing": "",
    "a lone surrogate": '"\\ud800"',
    "null": "null",
}


@pytest.mark.parametrize("name", JSON)
def test_json_documents_are_refused_by_name(name, tmp_path):
    with pytest.raises(RlvrError, match="ledger/7"):
        opened(JSON[name], {}, "ledger/7")
    with pytest.raises(RlvrError, match="damaged"):
        parse_manifest(JSON[name], "0" * 64, "here")
    store = LocalStore(tmp_path)
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / f"{'0' * 64}.json").write_text(JSON[name])
    with pytest.raises(RlvrError, match="damaged"):
        store.get("0" * 64)


def test_a_setting_on_the_command_line_is_json_or_text():
    for text in ("[" * 5_000, "9" * 5_000, "{", "NaN"):
        path, value = parse(f"a.b={text}")
        assert path == "a.b" and (value == text or value != value)
