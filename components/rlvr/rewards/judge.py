"""Asking a language model: any server that speaks the chat completions protocol of OpenAI.

    RLVR_JUDGE_URL=http://localhost:8000/v1  RLVR_JUDGE_KEY=...  RLVR_JUDGE_CACHE=/shared/verdicts

    ask(Judge(model="Qwen2.5-72B-Instruct"), [Question(text="Is 3 the same number as 3.0? Answer yes or no.")])
    -> ["yes"]

Where the endpoint is and its key stand in the environment alone: neither gets into parameters, records, logs or
errors. A question that is not answered after all attempts is None, which a reward passes on as not applicable. Equal
questions are asked once, and never again while their answer is in the cache (`rlvr.rewards.judge_cache`).
"""

import asyncio
import base64
import logging
import os
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rlvr.canonical import digest
from rlvr.errors import RlvrError
from rlvr.method import Judge
from rlvr.rewards.judge_cache import Answer, JudgeCache
from rlvr.rewards.judge_client import UnwelcomeReplyError, checked_url, connect

URL, KEY, CACHE = "RLVR_JUDGE_URL", "RLVR_JUDGE_KEY", "RLVR_JUDGE_CACHE"
"""Environment variables: the endpoint up to and including `/v1`; its key, if it wants one; the folder of answers."""

BACKOFF_SECONDS = 1.0
"""Pause before the second attempt; it doubles with every further one."""

LONGEST_PAUSE_SECONDS = 60.0
"""Bound of a pause, whatever the server asks for."""

LONGEST_NAME = 200
"""Characters of the model's name, as a server reports it, that are kept."""

SETTINGS_ERRORS = {401: "refuses the key", 403: "refuses access", 404: "knows no such model or path"}
"""Replies that no further attempt would change and that the user can mend."""

_log = logging.getLogger(__name__)
_seen: dict[str, set[str]] = {}
_unanswered: Counter[str] = Counter()


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One question to a judge."""

    text: str
    """The user's turn."""
    pictures: tuple[bytes, ...] = ()
    """PNG files that stand in front of the text."""
    system: str | None = None
    """System turn; None leaves it out."""

    def messages(self) -> list[dict[str, Any]]:
        """The chat as the protocol has it."""
        content: Any = _clean(self.text)
        if self.pictures:
            urls = ["data:image/png;base64," + base64.b64encode(picture).decode() for picture in self.pictures]
            content = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
            content.append({"type": "text", "text": _clean(self.text)})
        system = [{"role": "system", "content": _clean(self.system)}] if self.system is not None else []
        return [*system, {"role": "user", "content": content}]


def ask(judge: Judge, questions: Sequence[Question]) -> list[str | None]:
    """The judge's answer to each question, None where none came; `judge.concurrency` of them are asked at a time.

    `RlvrError` when no endpoint is set, or when it refuses the key, access or the model.
    """
    url = os.environ.get(URL, "").strip()
    if not url:
        raise RlvrError(
            f"A reward asks the judge {judge.model}, but {URL} is not set. Set it to an endpoint that speaks the chat "
            f"completions protocol, up to and including /v1, and {KEY} to its key if it wants one."
        )
    requests = [_request(judge, question) for question in questions]
    keys = [digest(request) for request in requests]
    cache = JudgeCache(os.environ.get(CACHE))
    known: dict[str, Answer | None] = {key: cache.read(key) for key in keys}
    if missing := {key: request for key, request in zip(keys, requests, strict=True) if known[key] is None}:
        known |= asyncio.run(_ask_all(judge, url, missing, cache))
    for answer in known.values():
        if answer is not None:
            _seen.setdefault(judge.model, set()).add(answer.model)
    return [None if (answer := known[key]) is None else answer.text for key in keys]


def seen_models() -> dict[str, list[str]]:
    """Model asked for -> the names under which servers (or cached answers) said to have answered, in this process."""
    return {model: sorted(names) for model, names in sorted(_seen.items())}


def unanswered() -> dict[str, int]:
    """Model asked for -> how many questions it left without an answer, in this process."""
    return dict(sorted(_unanswered.items()))


def _request(judge: Judge, question: Question) -> dict[str, Any]:
    return {
        "model": judge.model,
        "messages": question.messages(),
        "temperature": judge.temperature,
        "max_tokens": judge.max_tokens,
    }


async def _ask_all(
    judge: Judge, url: str, requests: dict[str, dict[str, Any]], cache: JudgeCache
) -> dict[str, Answer | None]:
    """Answers by key; those that come are cached at once, those that do not are counted and logged."""
    places = asyncio.Semaphore(judge.concurrency)
    failures: Counter[str] = Counter()

    async def one(client: Any, key: str) -> tuple[str, Answer | None]:
        async with places:
            answer, failure = await _attempts(judge, client, requests[key])
        if answer is None:
            failures[failure] += 1
        else:
            cache.write(key, asked=judge.model, answer=answer)
        return key, answer

    # Attempts are made here, each with its own time limit.
    async with connect(checked_url(url, URL), _key(), judge.timeout_seconds) as client:
        answers = dict(await asyncio.gather(*(one(client, key) for key in requests)))
    if failures:
        _unanswered[judge.model] += failures.total()
        reasons = ", ".join(f"{reason} ({count})" for reason, count in failures.most_common())
        _log.warning("Judge %s left %d of %d questions open: %s", judge.model, failures.total(), len(answers), reasons)
    return answers


async def _attempts(judge: Judge, client: Any, request: dict[str, Any]) -> tuple[Answer | None, str]:
    """The answer, or why there is none after the last attempt."""
    import openai

    failure = "no attempt allowed"
    for attempt in range(judge.attempts):
        wanted: str | None = None
        try:
            # The client's own limit is between two bytes; a server that keeps the line busy must not outlast ours.
            async with asyncio.timeout(judge.timeout_seconds):
                return _answer(await client.chat.completions.create(**request))
        except openai.APIStatusError as error:
            if why := SETTINGS_ERRORS.get(error.status_code):
                raise RlvrError(
                    f"The judge's endpoint {why} (status {error.status_code}, model {judge.model}); "
                    f"check {URL}, {KEY} and the judge's model name."
                ) from None  # the reply may repeat the key
            failure, wanted = f"status {error.status_code}", error.response.headers.get("retry-after")
            if error.status_code < 500 and error.status_code not in (408, 409, 429):
                break
        except (TimeoutError, openai.APITimeoutError):
            failure = f"nothing within {judge.timeout_seconds:g} s"
        except openai.APIConnectionError:
            failure = "no connection"
        except UnwelcomeReplyError as error:
            failure = str(error)
            break
        except (ValueError, RecursionError):
            failure = "a reply that is none"
        if attempt + 1 < judge.attempts:
            await asyncio.sleep(_pause_seconds(attempt, wanted))
    return None, failure


def _answer(reply: Any) -> tuple[Answer | None, str]:
    """Text and model name of a reply; a refusal is no answer, and `ValueError` a reply of another form."""
    choices = getattr(reply, "choices", None)
    message = getattr(choices[0], "message", None) if isinstance(choices, list) and choices else None
    if message is None:
        raise ValueError("not a chat completion")
    text = message.content
    if getattr(message, "refusal", None) or not isinstance(text, str) or not text.strip():
        return None, "a refusal"
    return Answer(text=text, model=str(reply.model or "")[:LONGEST_NAME]), ""


def _pause_seconds(attempt: int, wanted: str | None) -> float:
    """What the server asks for, or a doubling pause of which up to a quarter is left off at random."""
    try:
        pause = float(wanted or "")
    except ValueError:
        pause = BACKOFF_SECONDS * 2.0**attempt * random.uniform(0.75, 1.0)
    return max(0.0, min(LONGEST_PAUSE_SECONDS, pause))


def _key() -> str:
    """The key; servers that want none get a word in its place."""
    key = os.environ.get(KEY, "").strip() or "none"
    if not (key.isascii() and key.isprintable()):
        raise RlvrError(f"{KEY} holds characters that cannot stand in a header; set it to the endpoint's key alone.")
    return key


def _clean(text: str) -> str:
    """Text that can be sent: lone surrogates, which no encoding has, become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
