"""`rlvr report` on run folders: the page again from the store, several runs side by side, and answers to mistakes."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from report_run import make_run
from typer.testing import CliRunner

from rlvr.errors import RlvrError
from rlvr.provenance import read_manifest
from rlvr.report.stage import write
from rlvr.store import open_store
from rlvr_pipelines.cli import app


def artifact(path: Path) -> Any:
    path.parent.mkdir(parents=True, exist_ok=True)
    return SimpleNamespace(path=str(path), metadata={})


def finish(home: Path, seed: int, **more: Any) -> Path:
    """A home with one finished run, as `rlvr run` leaves it."""
    run = make_run(home / f"made{seed}", n=20) | {"seed": seed, **more}
    store = open_store(str(home / "store"))
    del run["lineage"]
    inputs: dict[str, Any] = {}
    for name in ("evaluations", "verdict", "training", "rows", "tests"):
        given = run.pop(name)
        made = []
        for index, folder in enumerate(given if isinstance(given, list) else [given]):
            made.append(artifact(home / f"inputs{seed}" / f"{name}{index}"))
            Path(made[-1].path).write_text(json.dumps({"digest": store.put(folder).digest}))
        inputs[name] = made if isinstance(given, list) else made[0]
    folder = home / "runs" / f"r1_v-laptop-seed{seed}"
    manifest = artifact(folder / "pipeline" / "one" / "report" / "folder")
    for name in write(store.url, inputs, manifest, run).iterdir():
        shutil.copyfile(name, folder / name.name)
    (folder / "artifacts.json").write_text(json.dumps({"report": {"out": read_manifest(manifest)["digest"]}}))
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("home")
    finish(root, 0)
    finish(root, 1)
    return root


def report(*arguments: object) -> str:
    done = CliRunner(env={"COLUMNS": "120", "NO_COLOR": "1"}).invoke(app, ["report", *map(str, arguments)])
    if isinstance(done.exception, RlvrError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_one_run_s_page_is_drawn_again_with_the_same_bytes(home: Path, tmp_path: Path) -> None:
    run = home / "runs" / "r1_v-laptop-seed0"
    output = report(run, "-o", tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == (run / "report.html").read_bytes()
    assert "superclevr_200" in output and "again.html" in output
    assert json.loads(report(run, "--json")) == json.loads((run / "metrics.json").read_text())


def test_a_run_that_was_moved_finds_the_store_it_names(home: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(home / "runs" / "r1_v-laptop-seed0", tmp_path / "moved")
    report(moved, "-o", tmp_path / "a.html")
    shutil.rmtree(moved / "pipeline")
    report(moved, "-o", tmp_path / "b.html", "--store", home / "store")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    with pytest.raises(RlvrError, match="in none of these stores.*--store"):
        report(moved, "-o", tmp_path / "c.html")
    with pytest.raises(RlvrError, match="in none of these stores"):
        report(moved, "-o", tmp_path / "c.html", "--store", tmp_path / "other")


def test_several_runs_are_compared(home: Path, tmp_path: Path) -> None:
    pair = (home / "runs" / "r1_v-laptop-seed0", home / "runs" / "r1_v-laptop-seed1")
    output = report(*pair, "-o", tmp_path / "pair.html")
    assert "r1_v-laptop-seed1" in output and "seeds 0, 1" in output
    assert "2 runs compared" in (tmp_path / "pair.html").read_text()
    told = json.loads(report(*pair, "--json"))
    assert [run["seed"] for run in told["runs"]] == [0, 1] and told["repeated"][0]["seeds"] == [0, 1]


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (None, "", "There is no folder"),
        ("other.txt", "", "is no run: it holds no metrics.json"),
        ("progress.jsonl", "", "has not finished"),
        ("metrics.json", "{", "cannot be read as JSON"),
        ("metrics.json", "[]", "lacks an object"),
        ("metrics.json", '{"method": "m"}', "lacks profile, seed, benchmarks"),
        (
            "metrics.json",
            '{"method": "m", "profile": "p", "seed": 0, "benchmarks": [{}]}',
            "benchmarks\\[0\\] lacks name",
        ),
        ("metrics.json", '{"method": "m", "profile": "p", "seed": 0, "benchmarks": []}', "names no benchmark"),
    ],
)
def test_folders_that_are_no_runs_are_told(tmp_path: Path, home: Path, file: str | None, text: str, said: str) -> None:
    folder = tmp_path / "folder"
    if file:
        folder.mkdir()
        (folder / file).write_text(text)
    for others in ((), (home / "runs" / "r1_v-laptop-seed0",)):
        with pytest.raises(RlvrError, match=said):
            report(folder, *others, "-o", tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_a_run_without_its_list_of_artifacts_is_told(home: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(home / "runs" / "r1_v-laptop-seed0", tmp_path / "moved")
    (moved / "artifacts.json").unlink()
    with pytest.raises(RlvrError, match="does not name the run's report"):
        report(moved)


def test_the_same_run_twice_is_refused(home: Path) -> None:
    run = home / "runs" / "r1_v-laptop-seed0"
    with pytest.raises(RlvrError, match="are the same run"):
        report(run, run, "--json")
