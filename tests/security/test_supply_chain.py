"""Where packages come from and what is known of them: locks, licences, vulnerabilities."""

import json
import re
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest

TOOLS = Path(__file__).parent.parent.parent / "images" / "tools"
ROOT = TOOLS.parent.parent


@pytest.fixture(autouse=True)
def tools(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    yield
    for name in ("licence_report", "audit_dependencies"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("images/*/requirements*.txt")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_every_line_of_every_lock_is_a_version_with_hashes(path):
    """The form that `pip install --require-hashes` insists on; tests/images looks at versions and Containerfiles."""
    entries = re.split(r"(?<!\\)\n", path.read_text(encoding="utf-8").strip())
    entries = [entry for entry in entries if not entry.startswith("#")]
    form = re.compile(r"[A-Za-z0-9][\w.\-]*(\[[\w,\-]+\])?==[^\s;]+( ; [^\\]+?)?( *\\\n +--hash=sha256:[0-9a-f]{64})+")
    assert len(entries) > 5 and [entry for entry in entries if not form.fullmatch(entry)] == []


def test_constraints_name_one_version_each():
    lines = [line.partition("#")[0].strip() for line in (ROOT / "constraints.txt").read_text().splitlines()]
    lines = [line for line in lines if line]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9][\w.\-\[\]]*==[\w.+!]+( *;.+)?", line)] == []


def test_what_is_installed_here_has_allowed_licences(capsys):
    import licence_report

    assert licence_report.main([]) == 0, capsys.readouterr().out
    told = capsys.readouterr().out
    assert re.search(r"^\d+ of \d+ locked packages are installed here and were looked at\.$", told, re.MULTILINE)


def package(folder, name, **fields):
    """An installed package that says so of itself."""
    about = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    about.mkdir(parents=True)
    lines = [
        f"{key.replace('_', '-')}: {value}"
        for key, values in fields.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    (about / "METADATA").write_text(
        "\n".join(["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *lines, "", ""])
    )


LICENCES = {
    "expression": ({"License_Expression": "MIT AND (Apache-2.0 OR BSD-2-Clause)"}, "allowed"),
    "classifier": ({"Classifier": ["License :: OSI Approved :: MIT License"]}, "allowed"),
    "nothing": ({}, "states no licence"),
    "osi-alone": ({"Classifier": ["License :: OSI Approved"]}, "states no licence"),
    "copyleft": ({"License_Expression": "AGPL-3.0-only"}, "not allowed: AGPL-3.0-only"),
    "a-choice": ({"License_Expression": "MIT OR GPL-3.0-only"}, "not allowed: GPL-3.0-only"),
    "classified": (
        {"Classifier": ["License :: OSI Approved :: GNU General Public License v3 (GPLv3)"]},
        "not allowed: GNU General Public License v3 (GPLv3)",
    ),
    "unknown": ({"License": "ask me, and I shall tell you"}, "not allowed: ask me, I shall tell you"),
    "own": ({"License": "Other/Proprietary"}, "not allowed: Other/Proprietary"),
}


@pytest.mark.parametrize("name", LICENCES)
def test_unknown_and_forbidden_licences_are_refused(name, tmp_path, monkeypatch):
    import licence_report

    fields, verdict = LICENCES[name]
    package(tmp_path, f"test-{name}", **fields)
    monkeypatch.syspath_prepend(str(tmp_path))
    rules = tomllib.loads((TOOLS / "licences.toml").read_text())
    line = licence_report.judged(f"test-{name}", ("train",), rules)
    assert line.verdict.startswith(verdict.partition(",")[0])
    assert all(reason for reason in rules["allowed"].values())


def test_an_exception_has_a_reason_and_a_package_that_is_not_here_is_not_judged():
    import licence_report

    rules = tomllib.loads((TOOLS / "licences.toml").read_text())
    assert all(own["reason"] and own["licence"] in rules["allowed"] for own in rules["packages"].values())
    assert licence_report.judged("no-such-package", (), rules).verdict == "not installed here"


REPORT = {
    "dependencies": [
        {"name": "one", "version": "1.0", "vulns": []},
        {"name": "skipped", "skip_reason": "not found", "version": "2"},
        {
            "name": "two",
            "version": "2.0",
            "vulns": [
                {"id": "PYSEC-1", "aliases": ["CVE-1", "GHSA-1"], "fix_versions": ["2.1"], "description": "\x1b[2J"},
                {"id": "GHSA-2", "aliases": [], "fix_versions": [], "description": ""},
            ],
        },
    ],
    "fixes": [],
}
"""In the form of `pip-audit --format json` 2.10."""


def accepted(until, *names):
    return {name: {"package": "two", "until": until, "reason": "it is not reached"} for name in names}


def test_vulnerabilities_are_reported_unless_accepted_and_in_time():
    from audit_dependencies import judged, read

    found, today = list(read(json.dumps(REPORT))), date(2026, 6, 1)
    assert [one.package for one in found] == ["two==2.0", "two==2.0"]
    assert list(judged(found, {}, today)) == [
        "two==2.0: PYSEC-1, CVE-1, GHSA-1; mended in 2.1",
        "two==2.0: GHSA-2; no version mends it yet",
    ]
    assert list(judged(found, accepted(date(2026, 6, 1), "CVE-1", "GHSA-2"), today)) == []
    assert "accepted until 2026-05-31" in next(judged(found, accepted(date(2026, 5, 31), "GHSA-1", "GHSA-2"), today))
    assert list(judged([], accepted(today, "GHSA-9"), today)) == [
        "GHSA-9 is accepted in accepted_vulnerabilities.toml, and nothing here has it: take it out."
    ]


def program(folder, body):
    path = folder / "pip-audit"
    path.write_text(f"#!{sys.executable}\nimport json, sys\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_no_answer_is_not_the_answer_that_all_is_well(tmp_path, capsys):
    from audit_dependencies import main

    failing = program(tmp_path, "sys.exit('ConnectionError: no route to the service')")
    assert main([failing]) == 2
    told = capsys.readouterr().out
    assert "were not looked up" in told and told.count("no route to the service") == 2
    assert main([str(tmp_path / "absent")]) == 2


def test_a_mirror_that_knows_no_package_has_not_answered(tmp_path, capsys):
    """pip-audit then says that there are no known vulnerabilities."""
    from audit_dependencies import locked, main

    count = len(locked(ROOT / "images"))
    body = """
lines = open(sys.argv[sys.argv.index("--requirement") + 1]).read().split()
report = {"dependencies": [{"name": line, "skip_reason": "not found"} for line in lines], "fixes": []}
json.dump(report, open(sys.argv[sys.argv.index("--output") + 1], "w"))"""
    assert main([program(tmp_path, body)]) == 2
    assert f"pypi: it knows none of the {count} packages" in capsys.readouterr().out


def test_the_second_service_is_asked_when_the_first_does_not_answer(tmp_path, capsys):
    from audit_dependencies import layers, main

    body = f"""
if "pypi" in sys.argv: sys.exit("down")
json.dump({REPORT!r}, open(sys.argv[sys.argv.index("--output") + 1], "w")); sys.exit(1)"""
    assert main([program(tmp_path, body)]) == 1
    told = capsys.readouterr().out
    assert "two==2.0: PYSEC-1" in told and "Not known where it was asked: skipped" in told
    assert layers(["a==1", "a==2", "b==1"]) == [["a==1", "b==1"], ["a==2"]]
