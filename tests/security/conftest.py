import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
for folder in ("tests/components", "tests/components/lineage"):  # their made-up runs and stores
    sys.path.insert(0, str(ROOT / folder))


@pytest.fixture(scope="session")
def sources() -> list[Path]:
    """Every Python file of the two packages."""
    return sorted([*(ROOT / "components").rglob("*.py"), *(ROOT / "pipelines").rglob("*.py")])
