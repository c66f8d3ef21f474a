"""Every reader of strangers' text survives whatever text there is."""

import pytest
from fuzzing import EXAMPLES, bounded, texts, trying
from hypothesis import given
from hypothesis import strategies as st
from text_targets import TARGETS, run

from rlvr.errors import RlvrError
from rlvr_pipelines.profiles import profile

LENGTH = 2**20 if EXAMPLES else 2**16
"""Characters of texts that repeat themselves."""


@pytest.mark.parametrize("name", TARGETS)
def test_any_text(name):
    @trying(40)
    @given(texts)
    def target(text):
        with bounded():
            run(name, text)

    target()


FORMS = {
    "manifest": '{{"digest": {}, "files": {{"a": {{"sha256": {}, "size": {}}}}}}}',
    "envelope": '{{"payload": {}, "payloadType": {}, "signatures": [{{"keyid": {}, "sig": ""}}]}}',
    "policy": "allowed_licences = [{}]\nrequired_checks = [{}]\nnewest_days = {}",
    "profile": 'extends = "laptop"\ndescription = {}\n[method]\n{} = {}',
    "schedules": "group: {}\nschedules:\n  - name: {}\n    method: r1_v\n    every: {}",
    "progress line": '{{"time": {}, "stage": {}, "step": {}, "total": 1}}',
    "JSON rows": '[{{"a": {}}}, {}, {}]',
    "setting": "stages.{}.{}={}",
    "judge's grades": '```json\n{{"layout_and_furniture": {{"grade": {}, "comment": {}}}}}{}\n```',
    "judge's verdict": 'because {} {{"correct": {}}}{}',
}
"""Texts that are nearly right, with three places for anything."""


@pytest.mark.parametrize("name", FORMS)
def test_nearly_right_texts(name):
    inside = st.one_of(texts, texts.map(lambda text: f'"{text}"'), st.integers().map(str), st.just('"x"'), st.just("1"))

    @trying(40)
    @given(inside, inside, inside)
    def target(first, second, third):
        with bounded():
            run(name, FORMS[name].format(first, second, third))

    target()


@pytest.mark.parametrize("name", TARGETS)
def test_much_of_anything_ends(name):
    for piece in ("<answer>", "\\boxed{", "[", "{", '{"a":', "1", " ", "\n", "<", "}", "a: ", "- ", '"', "{a: ", "\\"):
        with bounded():
            run(name, piece * (LENGTH // len(piece)))


def test_a_profile_adds_values_to_those_of_the_profile_that_it_extends(tmp_path):
    """A value under [method] was taken for a table as soon as the extended profile had such values of its own."""
    (tmp_path / "mine.toml").write_text('extends = "laptop"\n[method]\n"stages.*.steps" = 3\n[methods.r1_v]\n"a.b" = 1')
    made, shipped = profile(str(tmp_path / "mine.toml")), profile("laptop")
    assert made.values == {**shipped.values, "stages.*.steps": 3}
    assert made.method_values["r1_v"] == {**shipped.method_values.get("r1_v", {}), "a.b": 1}


def test_a_name_too_long_for_a_file_names_no_artifact():
    with pytest.raises(RlvrError, match="names no artifact"):
        TARGETS["artifact's name"]("x" * 10_000)
