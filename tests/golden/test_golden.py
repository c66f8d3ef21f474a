"""Our rewards, extractors and scorers against results of the methods' own code.

`RLVR_GOLDEN_DIR=DIR pytest tests/golden` replays DIR/*.jsonl instead of the rows beside this file.
"""

from collections import Counter, defaultdict

import pytest
from adapters import ADAPTERS, DEPARTURES, LIMIT_PERCENT, UNCOVERED
from replay import FOLDER, rows, verdict

from rlvr.scoring.exact import superclevr_published
from rlvr.scoring.symbolic import geoqa_published
from rlvr_pipelines.methods import METHODS


def test_equals_upstream(golden_method, tally):
    if golden_method not in ADAPTERS:
        pytest.fail(f"no adapters for {golden_method}, so its rows cannot be replayed")
    later = UNCOVERED.get(golden_method, {})
    every = [row for row in rows() if row["method"] == golden_method]
    mine = [row for row in every if row["reward"] not in later]
    uncovered = Counter(row["reward"] for row in every if row["reward"] in later)
    verdicts = [verdict(row) for row in mine]
    departures = [text for text in verdicts if text.startswith("departure: ")]
    failures = [text for text in verdicts if text and not text.startswith("departure: ")]
    tally(golden_method, len(mine), len(failures), len(departures), uncovered)
    assert not failures, "\n".join(failures[:20])
    assert len(departures) <= len(mine) * LIMIT_PERCENT / 100, departures


def test_departures_are_stated_in_the_method_files():
    for name, named in DEPARTURES.items():
        variants = [method for method in METHODS.values() if method.name.partition("/")[0] == name]
        stated = {departure.name: departure.text for method in variants for departure in method.departures}
        assert variants and named.keys() <= stated.keys(), (name, named.keys() - stated.keys())
        assert all(text.endswith(".") and len(text) > 40 for text in stated.values()), name


def test_what_is_not_covered_has_no_adapter():
    for method, later in UNCOVERED.items():
        assert not later.keys() & {name.rpartition(":")[2] for name in ADAPTERS[method]}


@pytest.mark.parametrize(
    ("scorer", "reward", "published_percent"),
    [
        (superclevr_published, "extract_number_answer", {48.0, 82.5}),
        (geoqa_published, "geoqa_is_correct", {30.6366, 38.7268}),
    ],
)
def test_published_scores_of_r1_v_from_its_own_outputs(scorer, reward, published_percent):
    if not (FOLDER / "r1_v_real_logs.jsonl").is_file():
        pytest.skip("R1-V's shipped model outputs (r1_v_real_logs.jsonl) are not among the golden rows")
    logs = defaultdict(list)
    for row in rows():
        if row["method"] == "r1_v" and row["reward"] == reward and "log" in row["inputs"]:
            logs[row["inputs"]["log"]].append(row["inputs"])
    scores = []
    for items in logs.values():
        truths = [str(item["ground_truth"]) for item in items]
        given = scorer([item["completion"] for item in items], answer=truths)
        scores.append(100 * sum(score or 0.0 for score in given) / len(items))
    assert {round(score, 4) for score in scores} == published_percent
