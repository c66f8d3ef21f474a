"""Rules of the house that a test can see."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*(ROOT / "components").rglob("*.py"), *(ROOT / "pipelines").rglob("*.py")])
EDGES = {
    "torch": ("rl/", "sft.py", "backbones/", "long2short/"),
    "kfp": ("stages/", "rlvr_pipelines/"),
    "boto3": ("store/",),
    "great_expectations": ("data/checks.py",),
}


def imported(path, nodes=None):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("package", EDGES)
def test_heavy_packages_stay_at_the_edges(package):
    strays = [
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if package in imported(path) and not any(edge in path.as_posix() for edge in EDGES[package])
    ]
    assert strays == []


def test_no_file_is_long_and_the_median_is_short():
    lengths = {path: len(path.read_text().splitlines()) for path in SOURCES}
    assert [path for path, length in lengths.items() if length > 400] == []
    assert sorted(lengths.values())[len(lengths) // 2] <= 150


def test_no_file_is_named_after_nothing():
    assert [path for path in SOURCES if re.match(r"(utils?|helpers?|common|misc|manager|handler)", path.stem)] == []


def test_every_field_of_a_value_has_a_docstring():
    values = ("method", "prompts", "data/source", "backbones/backbone", "benchmarks/benchmark")
    training = sorted((ROOT / "components/rlvr/training").glob("*.py"))
    for path in [*(ROOT / "components/rlvr" / f"{name}.py" for name in values), *training]:
        name, tree = path.stem, ast.parse(path.read_text())
        for value in (node for node in tree.body if isinstance(node, ast.ClassDef)):
            for field, following in zip(value.body, [*value.body[1:], None], strict=True):
                if isinstance(field, ast.AnnAssign):
                    documented = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
                    assert documented, f"{name}.{value.name}.{field.target.id}"


def test_every_method_file_is_in_the_table():
    from rlvr_pipelines.methods import METHODS

    folder = ROOT / "pipelines/rlvr_pipelines/methods"
    files = {path.stem for path in folder.iterdir()} - {"__init__", "__pycache__"}
    assert files == {name.partition("/")[0] for name in METHODS}


def test_every_hyper_parameter_that_a_method_sets_names_its_source():
    from rlvr_pipelines.methods import METHODS
    from rlvr_pipelines.show import settings

    always = {"group_size", "prompts_per_step", "optimiser.learning_rate", "loss.kl_weight", "sampling.temperature"}
    for method in METHODS.values():
        for stage in method.stages:
            found = {path: default for path, _, default in settings(stage) if path not in ("tasks", "refinement")}
            assert stage.citations.keys() <= found.keys(), f"{method.name}: {stage.citations.keys() - found.keys()}"
            set_here = {path for path, default in found.items() if not default and "stop_tokens" not in path}
            wanted = {path for path in set_here if not any(other.startswith(f"{path}.") for other in found)}
            assert (wanted | always & found.keys()) <= stage.citations.keys(), (
                f"{method.name}, stage {stage.name}: no source for {sorted(wanted - stage.citations.keys())}"
            )
