import base64
import io
import json
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest
from PIL import Image

from chat_server import says, serve
from rlvr.errors import RlvrError
from rlvr.method import Judge
from rlvr.rewards import judge as judging
from rlvr.rewards.judge import Question, ask, seen_models, unanswered

JUDGE = Judge(model="judge-1", attempts=3, timeout_seconds=5.0)
SECRET = "sk-very-secret"


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    monkeypatch.setattr(judging, "BACKOFF_SECONDS", 0.01)
    monkeypatch.setattr(judging, "_seen", {})
    monkeypatch.setattr(judging, "_unanswered", judging.Counter())
    monkeypatch.setenv("RLVR_JUDGE_KEY", SECRET)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("RLVR_JUDGE_URL", "RLVR_JUDGE_CACHE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def served(monkeypatch):
    @contextmanager
    def start(reply, headers=None):
        with serve(reply, headers) as server:
            monkeypatch.setenv("RLVR_JUDGE_URL", server.url)
            yield server

    return start


def questions(*texts):
    return [Question(text=text) for text in texts]


def echo(request, _):
    return says("re: " + request["messages"][-1]["content"])


def test_answers_come_in_the_order_of_the_questions(served):
    def slow_echo(request, _):
        time.sleep(0.02)
        return echo(request, _)

    with served(slow_echo) as server:
        texts = [f"question {number}" for number in range(20)]
        assert ask(replace(JUDGE, concurrency=4), questions(*texts)) == [f"re: {text}" for text in texts]
    assert 1 < server.most_at_once <= 4
    assert seen_models() == {"judge-1": ["served-model-1"]}
    assert unanswered() == {}


def test_the_request_holds_settings_system_turn_and_key(served):
    with served(echo) as server:
        ask(replace(JUDGE, max_tokens=7), [Question(text="hi \ud800", system="be strict")])
    assert server.requests == [
        {
            "model": "judge-1",
            "temperature": 0.0,
            "max_tokens": 7,
            "messages": [{"role": "system", "content": "be strict"}, {"role": "user", "content": "hi ?"}],
        }
    ]
    assert server.headers[0]["authorization"] == f"Bearer {SECRET}"


def test_pictures_are_sent_in_front_of_the_text(served):
    encoded = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(encoded, "PNG")
    with served(lambda request, _: says("red")) as server:
        assert ask(JUDGE, [Question(text="colour?", pictures=(encoded.getvalue(),))]) == ["red"]
    picture, text = server.requests[0]["messages"][0]["content"]
    head, _, body = picture["image_url"]["url"].partition(",")
    assert head == "data:image/png;base64" and text == {"type": "text", "text": "colour?"}
    assert Image.open(io.BytesIO(base64.b64decode(body))).getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_busy_servers_are_asked_again(served, status):
    with served(lambda request, number: says("yes") if number == 2 else (status, {"error": {}})) as server:
        assert ask(JUDGE, questions("a")) == ["yes"]
    assert len(server.requests) == 3


def test_a_server_may_say_how_long_to_wait(served):
    started = time.perf_counter()
    with served(lambda request, number: echo(request, 0) if number else (429, {}), {"Retry-After": "0.3"}):
        assert ask(JUDGE, questions("a")) == ["re: a"]
    assert 0.3 <= time.perf_counter() - started < 3


def test_no_answer_after_the_last_attempt_is_none_counted_and_logged(served, caplog):
    def half(request, _):
        return echo(request, 0) if request["messages"][0]["content"] == "easy" else (500, {"error": SECRET})

    with served(half) as server:
        assert ask(JUDGE, questions("easy", "hard")) == ["re: easy", None]
    assert len(server.requests) == 1 + 3
    assert unanswered() == {"judge-1": 1}
    assert "left 1 of 2 questions open: status 500 (1)" in caplog.text and SECRET not in caplog.text


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"choices": []}', b'{"choices": [{}]}', b"\xff"])
def test_a_reply_of_another_form_is_no_answer(served, body):
    with served(lambda request, number: (200, body)) as server:
        assert ask(JUDGE, questions("a")) == [None]
    assert len(server.requests) == 3


def test_time_is_limited_even_while_bytes_drip(served):
    started = time.perf_counter()
    with served(lambda request, number: (200, 4.0)) as server:
        assert ask(replace(JUDGE, attempts=2, timeout_seconds=0.2), questions("a")) == [None]
        assert time.perf_counter() - started < 3
    assert len(server.requests) == 2


def test_nobody_there(monkeypatch, caplog):
    monkeypatch.setenv("RLVR_JUDGE_URL", "http://127.0.0.1:9/v1")
    assert ask(JUDGE, questions("a")) == [None]
    assert "no connection" in caplog.text


@pytest.mark.parametrize("message", [says("no", refusal="I will not"), says(None), says("  ")])
def test_a_refusal_is_no_answer_and_not_asked_for_again(served, message):
    with served(lambda request, number: message) as server:
        assert ask(JUDGE, questions("a")) == [None]
    assert len(server.requests) == 1 and unanswered() == {"judge-1": 1}


def test_what_the_server_cannot_take_is_not_sent_again(served):
    with served(lambda request, number: (400, {"error": "too long"})) as server:
        assert ask(JUDGE, questions("a")) == [None]
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [401, 403, 404])
def test_wrong_settings_end_the_stage_without_showing_the_key(served, status, caplog):
    with served(lambda request, number: (status, {"error": {"message": f"bad key {SECRET}"}})) as server:
        with pytest.raises(RlvrError, match=f"status {status}.*RLVR_JUDGE_KEY") as caught:
            ask(JUDGE, questions("a", "b"))
    assert SECRET not in str(caught.value) and server.url not in str(caught.value)
    assert caught.value.__suppress_context__ and SECRET not in caplog.text


@pytest.mark.parametrize("key", ["two\nlines", "schlüssel"])
def test_a_key_that_is_no_header_is_refused_without_showing_it(monkeypatch, key):
    monkeypatch.setenv("RLVR_JUDGE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("RLVR_JUDGE_KEY", key)
    with pytest.raises(RlvrError, match="RLVR_JUDGE_KEY holds") as caught:
        ask(JUDGE, questions("a"))
    assert key not in str(caught.value)


def test_no_endpoint():
    with pytest.raises(RlvrError, match="judge judge-1, but RLVR_JUDGE_URL is not set"):
        ask(JUDGE, questions("a"))


def test_equal_questions_are_asked_once_and_answers_kept(served, monkeypatch, tmp_path):
    monkeypatch.setenv("RLVR_JUDGE_CACHE", str(tmp_path / "answers"))
    with served(echo) as server:
        assert ask(JUDGE, questions("a", "b", "a")) == ["re: a", "re: b", "re: a"]
        assert len(server.requests) == 2
        judging._seen.clear()
        assert ask(JUDGE, questions("b", "a")) == ["re: b", "re: a"]
        assert len(server.requests) == 2 and seen_models() == {"judge-1": ["served-model-1"]}
        ask(replace(JUDGE, model="judge-2"), questions("a"))
        ask(replace(JUDGE, temperature=0.5), questions("a"))
        assert len(server.requests) == 4
    files = sorted((tmp_path / "answers").rglob("*.*"))
    assert len(files) == 4 and {path.suffix for path in files} == {".json"}
    entries = [json.loads(path.read_text()) for path in files]
    assert {"answer": "re: b", "asked": "judge-1", "reported": "served-model-1"} in entries
    assert not any(SECRET in path.read_text() or server.url in path.read_text() for path in files)


def test_a_damaged_file_of_the_cache_is_replaced(served, monkeypatch, tmp_path):
    monkeypatch.setenv("RLVR_JUDGE_CACHE", str(tmp_path))
    with served(echo) as server:
        ask(JUDGE, questions("a"))
        (path,) = tmp_path.rglob("*.json")
        for damage in ("{", "[]", '{"answer": 3, "reported": "m"}'):
            path.write_text(damage)
            assert ask(JUDGE, questions("a")) == ["re: a"]
    assert len(server.requests) == 4
    assert json.loads(path.read_text())["answer"] == "re: a"


def test_what_is_not_answered_is_not_kept(served, monkeypatch, tmp_path):
    monkeypatch.setenv("RLVR_JUDGE_CACHE", str(tmp_path))
    with served(lambda request, number: (500, {})):
        assert ask(JUDGE, questions("a")) == [None]
    assert list(tmp_path.rglob("*.json")) == []


def test_a_cache_that_cannot_be_written_is_named(served, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RLVR_JUDGE_CACHE", str(tmp_path / "file"))
    with served(echo), pytest.raises(RlvrError, match="RLVR_JUDGE_CACHE"):
        ask(JUDGE, questions("a"))
