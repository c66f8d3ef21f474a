"""What pip on this machine is told about package indexes, for builds that shall use the same ones.

The settings become a file that a build gets as a secret, so that no index, name or password of it enters an image.
"""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

KEPT = ("index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "proxy", "timeout", "retries")
"""Settings that say where packages come from."""


def pip_settings(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """Secrets for a build, as files in `folder`, and the local folders that the settings name.

    The secrets are `pip`, a configuration file, and `certificates`, if pip is told to trust others than its own.
    """
    settings = _settings()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "pip"
    kept = [f"{key} = {' '.join(settings[key].split())}" for key in KEPT if key in settings]
    file.touch(mode=0o600)
    file.write_text("\n".join(["[global]", *kept, ""]), encoding="utf-8")
    secrets = {"pip": file}
    if Path(certificates := settings.get("cert", "")).is_file():
        secrets["certificates"] = Path(certificates)
    places = [
        place for key in ("index-url", "extra-index-url", "find-links") for place in settings.get(key, "").split()
    ]
    return secrets, sorted({path for place in places if (path := _local(place))})


def _settings() -> dict[str, str]:
    """Name -> value as pip resolves it: files first, then the environment."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    entries = re.findall(r"^([a-z]+|:env:)\.([a-z-]+)=(.*)$", listed, re.MULTILINE)
    found = {}
    for wanted in ("global", "wheel", ":env:"):
        values = {name: value for section, name, value in entries if section == wanted}
        found |= {name.removeprefix("default-"): str(ast.literal_eval(value)) for name, value in values.items()}
    return found


def _local(place: str) -> str | None:
    """The folder of this machine that an index or a list of files lies in; None when it is elsewhere."""
    parts = urlsplit(place)
    if parts.scheme not in ("", "file"):
        return None
    path = Path(unquote(parts.path))
    if not path.is_absolute() or not path.is_dir():
        return None
    beside = path.parent if parts.scheme == "file" else path  # an index's pages link to files beside it
    return str(path if beside == Path(os.sep) else beside)
