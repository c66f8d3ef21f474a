"""Published vulnerabilities of everything that the images install, asked of pip-audit: `make audit-dependencies`.

    python images/tools/audit_dependencies.py PIP_AUDIT

Every package of the hash-locked requirements is looked up once. The exit code is 0 when nothing is known that
`accepted_vulnerabilities.toml` does not accept, 1 when something is, and 2 when nobody could be asked: no answer is not
the answer that all is well.
"""

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SERVICES = ("pypi", "osv")
"""Whom pip-audit can ask; the second is asked when the first does not answer."""
PATIENCE_SECONDS = 900


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One vulnerability of one package."""

    package: str
    """Name and version, `name==1.2`."""
    identifiers: tuple[str, ...]
    """Its names: PYSEC, GHSA, CVE."""
    mended_in: tuple[str, ...]
    """Versions that no longer have it."""


class NoAnswerError(Exception):
    """No service could be asked."""


def main(arguments: Sequence[str]) -> int:
    """Ask, print what is known, and return the exit code."""
    if len(arguments) != 1:
        print("Give the path of pip-audit; `make audit-dependencies` does.", file=sys.stderr)
        return 2
    packages = locked(HERE.parent)
    try:
        found, unknown = ask(arguments[0], packages)
    except NoAnswerError as error:
        print(f"{len(packages)} locked packages were not looked up, for no service answered.\n{error}")
        return 2
    accepted = tomllib.loads((HERE / "accepted_vulnerabilities.toml").read_text(encoding="utf-8"))
    complaints = list(judged(found, accepted, datetime.now(UTC).date()))
    looked_up = len(packages) - len(unknown)
    print(f"{looked_up} of {len(packages)} locked packages were looked up; {len(found)} published vulnerabilities.")
    for line in complaints:
        print(line)
    if unknown:
        print(f"Not known where it was asked: {', '.join(unknown)}")
    return 1 if complaints else 2 if unknown else 0


def locked(folder: Path) -> list[str]:
    """`name==version` of every package in every lock, each once, sorted."""
    found = set()
    for path in folder.glob("*/requirements*.txt"):
        for match in re.finditer(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            # Local versions such as 2.11.0+cpu are builds of the same release.
            found.add(f"{re.sub(r'[-_.]+', '-', match[1]).lower()}=={match[2].partition('+')[0]}")
    return sorted(found)


def ask(program: str, packages: Sequence[str]) -> tuple[list[Found], list[str]]:
    """What is published about the packages, and the names of those that nobody knew.

    `NoAnswerError` with each service's last words when none answers, or none knows any of them, as a mirror may.
    """
    said = []
    for service in SERVICES:
        try:
            reports = [_asked(program, service, layer) for layer in layers(packages)]
        except NoAnswerError as error:
            said.append(f"  {service}: {error}")
            continue
        unknown = [name for report in reports for name in skipped(report)]
        if len(unknown) < len(packages):
            return [one for report in reports for one in read(report)], unknown
        said.append(f"  {service}: it knows none of the {len(packages)} packages; a mirror may hold no such records")
    raise NoAnswerError("\n".join(said))


def _asked(program: str, service: str, packages: Sequence[str]) -> str:
    """The report of one service on packages, each in one version."""
    with tempfile.TemporaryDirectory(prefix="rlvr-audit-") as folder:
        wanted, report = Path(folder) / "requirements.txt", Path(folder) / "report.json"
        wanted.write_text("".join(f"{package}\n" for package in packages), encoding="utf-8")
        command = [program, "--vulnerability-service", service, "--disable-pip", "--no-deps", "--format", "json"]
        command += ["--progress-spinner", "off", "--output", str(report), "--requirement", str(wanted)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
        except FileNotFoundError as error:
            raise NoAnswerError(f"there is no program {program}") from error
        except subprocess.TimeoutExpired as error:
            raise NoAnswerError(f"nothing within {PATIENCE_SECONDS} s") from error
        if not report.is_file():
            raise NoAnswerError((done.stderr.strip().splitlines() or ["it said nothing"])[-1][:300])
        return report.read_text(encoding="utf-8")


def layers(packages: Sequence[str]) -> list[list[str]]:
    """The packages in as few lists as it takes to hold each name once a list."""
    found: list[dict[str, str]] = []
    for package in packages:
        name = package.partition("==")[0]
        layer = next((layer for layer in found if name not in layer), None)
        if layer is None:
            found.append(layer := {})
        layer[name] = package
    return [list(layer.values()) for layer in found]


def read(text: str) -> Iterator[Found]:
    """The vulnerabilities in a report of pip-audit."""
    for package in json.loads(text)["dependencies"]:
        for each in package.get("vulns", ()):
            yield Found(
                package=f"{package['name']}=={package['version']}",
                identifiers=(each["id"], *each.get("aliases", ())),
                mended_in=tuple(each.get("fix_versions", ())),
            )


def skipped(text: str) -> list[str]:
    """The packages that a report of pip-audit says nothing about."""
    return [str(package["name"]) for package in json.loads(text)["dependencies"] if "skip_reason" in package]


def judged(found: Sequence[Found], accepted: Mapping[str, Mapping[str, Any]], today: date) -> Iterator[str]:
    """A line for each vulnerability that is not accepted, and for each acceptance that no longer serves."""
    used = set()
    for one in found:
        name = next((name for name in one.identifiers if name in accepted), None)
        if name is not None:
            used.add(name)
            if today <= accepted[name]["until"]:
                continue
        late = "" if name is None else f"; accepted until {accepted[name]['until']}"
        mended = f"mended in {', '.join(one.mended_in)}" if one.mended_in else "no version mends it yet"
        yield f"{one.package}: {', '.join(one.identifiers)}; {mended}{late}"
    for name in accepted.keys() - used:
        yield f"{name} is accepted in accepted_vulnerabilities.toml, and nothing here has it: take it out."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
