from collections import Counter

import pytest
from replay import rows

TALLIES = pytest.StashKey[dict[str, tuple[int, int, int, Counter[str]]]]()


def pytest_configure(config):
    config.stash[TALLIES] = {}


def pytest_generate_tests(metafunc):
    if "golden_method" in metafunc.fixturenames:
        metafunc.parametrize("golden_method", sorted({row["method"] for row in rows()}))


@pytest.fixture
def tally(request):
    """`tally(method, rows, failed, departures, uncovered)` has the counts printed at the end of the run."""
    tallies = request.config.stash[TALLIES]
    return lambda method, *counts: tallies.__setitem__(method, counts)


def pytest_terminal_summary(terminalreporter, config):
    for method, (total, failed, departures, uncovered) in sorted(config.stash[TALLIES].items()):
        terminalreporter.write_line(f"golden {method}: {total} rows, {failed} failed, {departures} departures")
        if uncovered:
            names = ", ".join(f"{reward} {count}" for reward, count in sorted(uncovered.items()))
            terminalreporter.write_line(f"golden {method}: {uncovered.total()} more rows not covered yet ({names})")
