"""A copy of the verification's page in a run's folder, whether or not the data passed."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rlvr.store import open_store


def copy_verification(events: Sequence[dict[str, Any]], store: str, folder: Path) -> None:
    """Copy verification.html of the verify stage's newest output; nothing where the stage has not got so far."""
    from rlvr.report.verification_page import FILE

    for line in reversed(events):
        if made := line.get("outputs", {}).get("out_verdict"):
            shutil.copyfile(open_store(store).get(made) / FILE, folder / FILE)
            return
