"""Tokens of prompts: by a tokenizer's file, by the estimate without one, and what is wrong with a file that is none."""

import json
from dataclasses import replace

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from rlvr.canonical import plain
from rlvr.data.fact_pass import Measuring
from rlvr.data.facts import facts
from rlvr.data.ingest import ingest
from rlvr.data.prompt_tokens import PromptLimit, counted_by, estimated_tokens, prompt_limits
from rlvr.errors import RlvrError
from rlvr.training import Grpo
from rlvr_pipelines.methods import METHODS

TASK = replace(METHODS["r1_v"].tasks[0], source=replace(METHODS["r1_v"].tasks[0].source, location="synthetic", limit=3))


@pytest.fixture
def file(tmp_path):
    """A tokenizer of words and single signs, none of which it knows."""
    tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tmp_path / "tokenizer.json"


def test_a_tokenizer_counts_words_and_signs_without_special_tokens(file):
    for place in (file, file.parent):
        count = counted_by(place)
        assert [count(text) for text in ("How many items are there?", "", "3+4")] == [6, 0, 3]
    assert counted_by(None) is estimated_tokens


def test_facts_are_counted_with_it(file, tmp_path):
    ingest(sources=[{"task": TASK.name, "source": plain(TASK.source)}], seed=0, out=tmp_path / "rows")
    limit = PromptLimit(task=TASK.name, max_tokens=30, min_pixels=784, max_pixels=784)
    table = facts(tmp_path / "rows", [TASK], limits=[limit], tokenizer=file, processes=1)
    question = next(TASK.source.synthetic(1, 0))["problem"]
    words = counted_by(file)(f"{TASK.prompt.system or ''}{TASK.prompt.text(question)}{TASK.prompt.prefill}")
    assert table["picture_tokens"].to_pylist() == [1] * 3
    assert table["prompt_tokens"].to_pylist() == [1 + words] * 3
    assert table["excess_tokens"].to_pylist() == [1 + words - 30] * 3
    estimate = facts(tmp_path / "rows", [TASK], limits=[limit], processes=1)
    assert estimate["prompt_tokens"].to_pylist() != table["prompt_tokens"].to_pylist()


def test_kept_facts_depend_on_the_tokenizer_s_content(file):
    first = Measuring(tokenizer=str(file)).key()
    assert Measuring(tokenizer=str(file)).key() == first
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, "added_tokens": []}, indent=4))
    assert Measuring(tokenizer=str(file)).key() != first


@pytest.mark.parametrize("content", [None, "", "{}", "[1]", '{"model": {"type": "BPE"}}'])
def test_a_file_that_is_no_tokenizer_is_named(tmp_path, content):
    if content is not None:
        (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(RlvrError, match=r"tokenizer\.json cannot be read as a tokenizer .*give a model's"):
        counted_by(tmp_path)


def test_limits_are_those_of_the_strictest_stage_and_of_the_backbone():
    method = METHODS["videochat_r1"]
    found = {limit.task: limit for limit in prompt_limits(method)}
    assert set(found) == {task.name for task in method.tasks}
    stages = [stage for stage in method.stages if isinstance(stage, Grpo)]
    for limit in found.values():
        assert limit.max_frames in {stage.max_frames for stage in stages}
        assert limit.max_video_pixels in {stage.max_video_pixels for stage in stages}
        assert (limit.shape.kind, limit.shape.side_px) == ("grid", 28)
    kinds = {name: prompt_limits(METHODS[name])[0].shape.kind for name in ("mm_eureka/internvl", "kimi_vl_thinking")}
    assert kinds == {"mm_eureka/internvl": "tiles", "kimi_vl_thinking": "native"}
