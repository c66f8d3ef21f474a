"""Fixtures shared by the whole suite: a tiny base that has seen a few warm-up steps, and rows to go with it."""

import atexit
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

# Stages sign with the user's key: the tests have a user of their own.
os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(prefix="rlvr-tests-")
for name in ("RLVR_SIGNING_KEY", "RLVR_TRUSTED_KEYS"):
    os.environ.pop(name, None)
atexit.register(shutil.rmtree, os.environ["XDG_CONFIG_HOME"], ignore_errors=True)


@pytest.fixture(scope="session")
def digits_method():
    """r1-vlm as small as it gets: a tiny base after 12 warm-up steps, 24 rows, a reward that is never all zero."""
    import dense_reward
    from rlvr.method import Reward
    from rlvr.overrides import apply
    from rlvr_pipelines.methods import METHODS
    from small_settings import SMALL

    published = METHODS["r1_vlm"]
    task = replace(published.tasks[0], rewards=(Reward(function=dense_reward.spread),))
    return apply(
        replace(published, tasks=(task,)),
        {
            **SMALL,
            "benchmarks.*.source.limit": 12,
            "benchmarks.*.sampling.max_new_tokens": 24,
            "stages.*.prompts_per_step": 3,
            "stages.*.steps": 4,
            "stages.*.sampling.max_new_tokens": 24,
            "stages.*.checkpoint_every": 2,
        },
    )


@pytest.fixture(scope="session")
def tiny_base(digits_method, tmp_path_factory) -> Path:
    """The checkpoint folder of the tiny base."""
    from rlvr.backbones.prepare import prepare
    from rlvr.canonical import plain

    folder = tmp_path_factory.mktemp("base")
    prepare(backbone=plain(digits_method.backbone), tasks=[plain(task) for task in digits_method.tasks], model=folder)
    return folder


@pytest.fixture(scope="session")
def digit_rows(digits_method, tmp_path_factory) -> Path:
    """A data set folder of synthetic digit rows."""
    from rlvr.canonical import plain
    from rlvr.data.ingest import ingest

    folder = tmp_path_factory.mktemp("rows")
    task = digits_method.tasks[0]
    ingest(sources=[{"task": task.name, "source": plain(task.source)}], seed=0, out=folder)
    return folder


@pytest.fixture(scope="session")
def counting_rows(tmp_path_factory) -> Path:
    """A data set folder of synthetic counting rows."""
    from rlvr.canonical import plain
    from rlvr.data.ingest import ingest
    from rlvr.datasets import clevr_cogent_a

    folder = tmp_path_factory.mktemp("counting")
    source = replace(clevr_cogent_a.TRAIN, location="synthetic", limit=8)
    ingest(sources=[{"task": "counting", "source": plain(source)}], seed=0, out=folder)
    return folder
