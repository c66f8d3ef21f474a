import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rlvr.errors import RlvrError
from rlvr.progress import VARIABLE, read
from rlvr.provenance import code_digest, perform
from rlvr.store import open_store


@dataclass
class Artifact:
    """What Kubeflow hands to a component."""

    path: str
    metadata: dict = field(default_factory=dict)


runs = []


def double(*, factor, source=None, out, digests=None):
    runs.append(factor)
    text = (source / "number").read_text() if source else "1"
    (out / "number").write_text(str(int(text) * factor))


def join(*, parts, out):
    (out / "number").write_text("+".join((part / "number").read_text() for part in parts))


def copy(*, place, out):
    (out / "text").write_text(Path(place).read_text())


def failing(*, out, checkpoints):
    (out / "half").write_text("half")
    raise ValueError("no luck")


@pytest.fixture
def artifact(tmp_path):
    def make(name):
        return Artifact(str(tmp_path / "artifacts" / name))

    return make


@pytest.fixture
def store(tmp_path):
    return str(tmp_path / "store")


def test_a_stage_runs_once_for_the_same_inputs_and_parameters(store, artifact):
    runs.clear()
    for name, factor in (("a", 2), ("b", 2), ("c", 3)):
        done = perform(double, store=store, inputs={}, outputs={"out": artifact(name)}, parameters={"factor": factor})
        assert (done["out"] / "number").read_text() == str(factor)
    assert runs == [2, 3]


def test_a_stage_that_reads_a_changing_place_runs_again(store, artifact, tmp_path):
    def run():
        outputs, parameters = {"out": artifact("copy")}, {"place": str(tmp_path / "place")}
        done = perform(copy, store=store, inputs={}, outputs=outputs, parameters=parameters, remember=False)
        return (done["out"] / "text").read_text()

    (tmp_path / "place").write_text("first")
    assert run() == "first"
    (tmp_path / "place").write_text("second")
    assert run() == "second"


def test_manifests_travel_and_show_the_digest(store, artifact):
    first, second, both = artifact("first"), artifact("second"), artifact("both")
    perform(double, store=store, inputs={}, outputs={"out": first}, parameters={"factor": 2})
    perform(double, store=store, inputs={"source": first}, outputs={"out": second}, parameters={"factor": 5})
    done = perform(join, store=store, inputs={"parts": [first, second]}, outputs={"out": both}, parameters={})
    assert (done["out"] / "number").read_text() == "2+10"
    manifest = json.loads(Path(second.path).read_text())
    assert manifest["digest"] == second.metadata["sha256"]
    assert manifest["files"]["number"]["size"] == 2
    assert all(isinstance(value, str | float) for value in second.metadata.values())


def test_a_failing_stage_publishes_nothing_and_says_why(store, artifact, tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "progress"))
    with pytest.raises(ValueError, match="no luck"):
        perform(failing, store=store, inputs={}, outputs={"out": artifact("x")}, parameters={})
    assert open_store(store).keys("") == []
    assert not (tmp_path / "artifacts").exists()
    lines, _ = read(tmp_path / "progress")
    assert lines[-1]["event"] == "error" and lines[-1]["message"] == "ValueError: no luck"


def test_something_else_than_a_manifest_is_refused(store, artifact, tmp_path):
    stray = Artifact(str(tmp_path / "stray"))
    for content in (None, "not json", "{}", "[]"):
        if content is not None:
            (tmp_path / "stray").write_text(content)
        with pytest.raises(RlvrError, match="is not a manifest"):
            perform(
                double, store=store, inputs={"source": stray}, outputs={"out": artifact("y")}, parameters={"factor": 1}
            )


def test_code_digest_is_stable_within_a_process():
    assert code_digest() == code_digest() and len(code_digest()) == 64
