"""Builds the images with Podman or Docker, lists what is in them and, with a registry, pushes and locks them.

    python images/build.py [NAME ...] [--variant cpu] [--registry REGISTRY] [-- further options of `podman build`]

Each image becomes `rlvr-NAME:dev` here; `images/NAME/sbom.cdx.json` (CycloneDX) and `licences.csv` say what it holds.
With `--registry`, it is pushed to `REGISTRY/rlvr-NAME`, and `images/images.lock` gets its digest. The same commit and
base give the same content: dates are those of the commit.
"""

import argparse
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pip_settings import pip_settings

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("data", "train", "evaluate")
"""The images that every pipeline needs."""
FURTHER = ("lmms-eval",)
"""Built when they are named."""
VARIANTS = ("train", "evaluate")
"""Those with torch's CUDA or CPU wheels."""
SOURCES = ("components", "pipelines", "images", "pyproject.toml", "README.md", "LICENSE")
"""What the images are made of."""
LOCK = "images.lock"
"""The file in `images` that pushing writes; no image is made of it."""
RUNTIMES = ("podman", "docker")


class BuildError(Exception):
    """What the user can mend; the message says how."""


def main(arguments: Sequence[str]) -> None:
    """Build, list, push, lock."""
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    ours, further = arguments[:cut], arguments[cut + 1 :]
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"some of {', '.join(NAMES)} (default: all), {', '.join(FURTHER)}"
    )
    parser.add_argument("--variant", choices=("cuda", "cpu"), default="cuda", help="wheels of torch")
    parser.add_argument("--registry", default="", help="where to push, e.g. registry.example/team")
    parser.add_argument("--base", default="", help="another base image; the Containerfile names the default")
    parser.add_argument("--runtime", choices=RUNTIMES, help="default: the first that is installed")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "images", help="folder of images.lock and of NAME/sbom.cdx.json"
    )
    options = parser.parse_args(ours)
    if unknown := set(options.names) - {*NAMES, *FURTHER}:
        raise BuildError(f"There is no image {', '.join(sorted(unknown))}; choose of {', '.join((*NAMES, *FURTHER))}.")
    runtime = options.runtime or find_runtime()
    if options.registry:
        pushed_revision()
    for name in options.names or NAMES:
        build(runtime, name, variant=options.variant, base=options.base, further=further)
        describe(runtime, name, options.out / name)
        if options.registry:
            lock(options.out / LOCK, name, push(runtime, name, options.registry))


def find_runtime() -> str:
    """The container runtime that is installed."""
    for name in RUNTIMES:
        if shutil.which(name):
            return name
    raise BuildError("Neither podman nor docker is installed, and one of them builds the images. Install one.")


def build(runtime: str, name: str, *, variant: str, base: str, further: Sequence[str]) -> None:
    """Build `rlvr-NAME:dev`; package indexes are those that pip uses here, given as secrets."""
    about = commit()
    given = {"SOURCE_DATE_EPOCH": about["epoch"], "REVISION": about["revision"], "CREATED": about["created"]}
    given |= {"VERSION": version(), **({"BASE": base} if base else {})}
    given |= {"VARIANT": variant} if name in VARIANTS else {}
    with tempfile.TemporaryDirectory(prefix="rlvr-build-") as folder:
        secrets, folders = pip_settings(Path(folder))
        if folders and runtime == "docker":
            raise BuildError(
                f"pip here reads packages from {', '.join(folders)}, which `docker build` cannot see. Build with "
                "podman, or set PIP_CONFIG_FILE to a file that names indexes only."
            )
        command = [
            runtime,
            "build",
            "--file",
            str(ROOT / "images" / name / "Containerfile"),
            "--tag",
            f"rlvr-{name}:dev",
        ]
        command += [part for key, value in given.items() for part in ("--build-arg", f"{key}={value}")]
        command += [part for key, path in secrets.items() for part in ("--secret", f"id={key},src={path}")]
        command += [part for path in folders for part in ("--volume", f"{path}:{path}:ro")]
        if runtime == "podman":
            command += ["--timestamp", about["epoch"], "--format", "oci"]
        _show([*command, *further, str(ROOT)])


def describe(runtime: str, name: str, folder: Path) -> None:
    """Copy the image's bill of materials out of it, and list the licences of what it holds."""
    text = _run(
        [runtime, "run", "--rm", "--network", "none", f"rlvr-{name}:dev", "cat", "/opt/rlvr/share/sbom.cdx.json"]
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sbom.cdx.json").write_text(text, encoding="utf-8")
    (folder / "licences.csv").write_text(licences(json.loads(text)), encoding="utf-8")


def licences(sbom: dict[str, Any]) -> str:
    """Package, version and licences of every component, as CSV."""
    target = io.StringIO()
    table = csv.writer(target, lineterminator="\n")
    table.writerow(("package", "version", "licence"))
    for part in sorted(sbom["components"], key=lambda part: str(part["name"]).lower()):
        named = [entry.get("expression") or _licence(entry["license"]) for entry in part.get("licenses", ())]
        table.writerow((part["name"], part.get("version", ""), "; ".join(dict.fromkeys(named)) or "not stated"))
    return target.getvalue()


def _licence(entry: dict[str, str]) -> str:
    """An SPDX identifier, or the first line of what the package says."""
    text = entry.get("id") or entry.get("name", "")
    return text.strip().partition("\n")[0][:80] or "not stated"


def push(runtime: str, name: str, registry: str) -> str:
    """Push `rlvr-NAME:dev` under the commit's name and return `repository@sha256:...`."""
    repository = f"{registry.rstrip('/')}/rlvr-{name}"
    target = f"{repository}:{pushed_revision()[:12]}"
    _run([runtime, "tag", f"rlvr-{name}:dev", target])
    if runtime == "podman":
        with tempfile.TemporaryDirectory(prefix="rlvr-push-") as folder:
            _show([runtime, "push", "--digestfile", f"{folder}/digest", target])
            digest = Path(folder, "digest").read_text(encoding="utf-8").strip()
        return f"{repository}@{digest}"
    _show([runtime, "push", target])
    known = json.loads(_run([runtime, "image", "inspect", "--format", "{{json .RepoDigests}}", target]))
    return next(str(entry) for entry in known if entry.startswith(f"{repository}@"))


def pushed_revision() -> str:
    """The commit that images are of; `BuildError` where they are of none."""
    revision = commit()["revision"]
    if not revision:
        raise BuildError(f"An image that is pushed is of one commit; commit the changes of {', '.join(SOURCES)} first.")
    return revision


def lock(path: Path, name: str, reference: str) -> None:
    """Write the image's digest into the lock, whole or not at all; the other entries stay."""
    if not re.fullmatch(r"[^\s@]+@sha256:[0-9a-f]{64}", reference):
        raise BuildError(f"The push of rlvr-{name} gave no digest but {reference!r}; push it again.")
    entries = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    entries[f"rlvr-{name}"] = reference
    part = path.with_suffix(".part")
    part.write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(part, path)


def commit() -> dict[str, str]:
    """Revision, and time in seconds since 1970 and as RFC 3339, of the commit; no revision with uncommitted changes."""
    try:
        revision, epoch = _run(["git", "-C", str(ROOT), "log", "-1", "--format=%H %ct"]).split()
        changed = _run(["git", "-C", str(ROOT), "status", "--porcelain", "--", *SOURCES, f":(exclude)images/{LOCK}"])
    except BuildError:
        revision, epoch, changed = "", "0", ""  # an unpacked archive
    created = datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"revision": "" if changed else revision, "epoch": epoch, "created": created}


def version() -> str:
    """The package's version."""
    text = (ROOT / "components/rlvr/__init__.py").read_text(encoding="utf-8")
    found = re.search(r'__version__ = "([^"]+)"', text)
    return found[1] if found else "0"


def _run(command: Sequence[str]) -> str:
    """Run a command; returns what it printed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    _check(command, done.returncode)
    return done.stdout


def _show(command: Sequence[str]) -> None:
    """Run a command whose messages the user follows."""
    sys.stdout.flush()
    _check(command, subprocess.run(command, check=False).returncode)


def _check(command: Sequence[str], code: int) -> None:
    if code != 0:
        raise BuildError(f"`{' '.join(command[:2])}` ended with code {code}; its messages are above.")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except BuildError as error:
        sys.exit(f"images: {error}")
