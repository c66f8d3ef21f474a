"""What the report stage hands to Kubeflow's viewers."""

import json
from types import SimpleNamespace

from report_run import make_run

from rlvr.provenance import code_digest, read_manifest
from rlvr.report.stage import headline_numbers, publish, write
from rlvr.store import open_store


class Metrics(SimpleNamespace):
    def log_metric(self, metric, value):
        self.logged[metric] = value


def artifact(path, **more):
    return SimpleNamespace(path=str(path), metadata={}, **more)


def stored(store, folder, place):
    manifest = store.put(folder)
    place.write_text(json.dumps({"digest": manifest.digest}))
    return artifact(place)


def test_the_stage_publishes_page_summary_and_numbers(tmp_path):
    run = make_run(tmp_path / "run", n=20)
    store = open_store(str(tmp_path / "store"))
    inputs = {
        "evaluations": [stored(store, one, tmp_path / f"e{i}") for i, one in enumerate(run.pop("evaluations"))],
        **{name: stored(store, run.pop(name), tmp_path / name) for name in ("verdict", "training", "rows", "tests")},
    }
    del run["lineage"]
    record = {
        "stage": "rlvr.data.verify:verify", "parameters": {}, "inputs": {}, "code": code_digest(),
        "outputs": {"out_verdict": read_manifest(inputs["verdict"])["digest"]},
    }  # fmt: skip
    store.write("records/ab.json", json.dumps(record))
    page, summary = artifact(tmp_path / "out/page.html"), artifact(tmp_path / "out/summary.md")
    metrics = Metrics(path=str(tmp_path / "out/metrics"), metadata={}, logged={})
    folder = artifact(tmp_path / "out/folder")
    publish(write(str(tmp_path / "store"), inputs, folder, run), page, summary, metrics)
    assert "verify, " in " ".join((tmp_path / "out/page.html").read_text().split())
    assert "| SuperCLEVR-200 |" in (tmp_path / "out/summary.md").read_text()
    made = store.get(read_manifest(folder)["digest"])
    assert sorted(path.name for path in made.iterdir()) == ["README.md", "metrics.json", "report.html", "summary.md"]
    numbers = json.loads((made / "metrics.json").read_text())
    assert metrics.logged == headline_numbers(numbers)
    assert metrics.logged["superclevr_200_rows"] == 20.0
    assert all(isinstance(value, float) and name.isidentifier() for name, value in metrics.logged.items())


def test_what_was_not_measured_is_not_logged():
    base = {"score_percent": 40, "unparsed_percent": 0.0}
    entry = {"name": "a-b c", "n": 5, "base": base, "tuned": None, "difference": None}
    assert headline_numbers({"benchmarks": [entry]}) == {
        "a_b_c_rows": 5.0,
        "a_b_c_base_percent": 40.0,
        "a_b_c_base_unparsed_percent": 0.0,
    }
