"""The licences of what the images install, held against a list of those that are allowed: `make licences`.

    python images/tools/licence_report.py [--out licences.csv]

Packages are those of the hash-locked requirements, licences what the packages installed here state (SPDX expression,
else classifiers, else the field License). The exit code is 1 when one is unknown or not allowed; `licences.toml` beside
this file says what is, and why. What is locked but not installed here (CUDA, other images) is listed and not judged;
`make images` lists the licences of each image as it was built.
"""

import argparse
import csv
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
LONGEST_NAME = 80
"""Characters of a licence's name; some packages put its whole text in that place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One package."""

    name: str
    """Its name, as indexes normalise it."""
    version: str
    """The version installed here; empty when it is not."""
    licences: tuple[str, ...]
    """SPDX identifiers, or what it says where that is none."""
    verdict: str
    """`allowed`, `not allowed: ...`, `states no licence` or `not installed here`."""
    images: tuple[str, ...]
    """Whose locks name it."""


def main(arguments: Sequence[str]) -> int:
    """Print the report and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, help="also write every package to this CSV file")
    out = parser.parse_args(arguments).out
    rules = tomllib.loads((HERE / "licences.toml").read_text(encoding="utf-8"))
    lines = [judged(name, images, rules) for name, images in sorted(locked(HERE.parent).items())]
    if out is not None:
        write(lines, out)
    counts: dict[str, int] = {}
    for line in lines:
        for licence in line.licences if line.verdict == "allowed" else ():
            counts[licence] = counts.get(licence, 0) + 1
    for licence, count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])):
        print(f"{count:>4}  {licence:<32} {rules['allowed'][licence]}")
    absent = [line for line in lines if line.verdict == "not installed here"]
    wrong = [line for line in lines if line.verdict not in ("allowed", "not installed here")]
    print(f"{len(lines) - len(absent)} of {len(lines)} locked packages are installed here and were looked at.")
    for line in wrong:
        said = "; ".join(line.licences) or "nothing"
        print(f"{line.name} {line.version} ({', '.join(line.images)}) says {said}: {line.verdict}")
    if wrong:
        print(f"Take {'them' if len(wrong) > 1 else 'it'} out, or say in images/tools/licences.toml why not.")
    return 1 if wrong else 0


def locked(folder: Path) -> dict[str, tuple[str, ...]]:
    """Package -> the images in whose locks it stands."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*/requirements*.txt")):
        for match in re.finditer(r"^([A-Za-z0-9][\w.-]*)==", path.read_text(encoding="utf-8"), re.MULTILINE):
            images = found.setdefault(re.sub(r"[-_.]+", "-", match[1]).lower(), [])
            if path.parent.name not in images:
                images.append(path.parent.name)
    return {name: tuple(images) for name, images in found.items()}


def judged(name: str, images: tuple[str, ...], rules: Mapping[str, Any]) -> Line:
    """One package held against the rules."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return Line(name=name, version="", licences=(), verdict="not installed here", images=images)
    own = rules.get("packages", {}).get(name)
    licences = (own["licence"],) if own else tuple(dict.fromkeys(_named(found, rules["spellings"])))
    refused = [licence for licence in licences if licence not in rules["allowed"]]
    verdict = f"not allowed: {', '.join(refused)}" if refused else "allowed" if licences else "states no licence"
    return Line(name=name, version=found.version, licences=licences, verdict=verdict, images=images)


def _named(found: Distribution, spellings: Mapping[str, str]) -> Iterator[str]:
    """Every licence that a package names: of several, be they choices or parts, each must be allowed."""
    about = found.metadata
    classified = [
        text.rpartition(" :: ")[2] for text in about.get_all("Classifier") or () if text.startswith("License :: ")
    ]
    parts = [text for text in classified if text != "OSI Approved"]
    if expression := about["License-Expression"]:
        parts = re.split(r"\bAND\b|\bOR\b|[()]", expression)
    elif not parts:
        parts = re.split(r";|,|\bAND\b|\bOR\b", (about["License"] or "").strip().partition("\n")[0])
    for text in filter(None, map(str.strip, parts)):
        yield spellings.get(text.lower(), text[:LONGEST_NAME])


def write(lines: Sequence[Line], path: Path) -> None:
    """Every package as CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("package", "version", "licence", "verdict", "images"))
        for line in lines:
            table.writerow((line.name, line.version, "; ".join(line.licences), line.verdict, " ".join(line.images)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
