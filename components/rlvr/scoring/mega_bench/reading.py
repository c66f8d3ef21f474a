r"""The answer in a MEGA-Bench reply: what follows the last "Answer:", as a text or as JSON with several fields.

    "... Answer: (B)"                     answer_text -> "(B)"
    'Answer: ```json\n{"x": 1}\n```'      answer_fields -> {"x": 1}

MEGA-Bench asks for "Answer:" alone. Replies that put their answer into an answer tag or a box, as the prompts of the
methods here ask, are read there. Rules: MEGA-Bench, metrics/parsing.
"""

import json
from typing import Any

from rlvr.scoring.final_answer import final_answer
from rlvr.scoring.mega_bench.values import LONGEST, literal, unquoted

MARK = "answer:"


def marked_answer(text: str) -> str | None:
    """The text behind the last "Answer:", else the answer tag or box; None where there is none of them."""
    start = text.lower().rfind(MARK) if len(text.lower()) == len(text) else text.rfind("Answer:")
    if start >= 0:
        return text[start + len(MARK) :].strip().strip("*").strip()
    return final_answer(text)


def answer_text(answer: str, *, one_line: bool) -> str:
    """The answer itself: the body of a code fence, or else the first paragraph where one line does."""
    fenced = _fenced(answer)
    body = answer if fenced is None else fenced
    if fenced is None and one_line:
        body = body.split("\n\n")[0].strip()
    return unquoted(body)


def answer_fields(answer: str) -> dict[str, Any] | None:
    """The last JSON object of the answer, looked for in a code fence first; None where there is none."""
    body = _fenced(answer)
    text = (answer if body is None else body)[-LONGEST:]
    start = text.find("{")
    end = text.rfind("}")
    whole = literal(text[start : end + 1]) if 0 <= start < end else None
    if isinstance(whole, dict):
        return {str(key): value for key, value in whole.items()}
    decoder, found, place = json.JSONDecoder(), None, start
    for _ in range(100):  # objects one behind the other; each is decoded from its opening brace
        if place < 0:
            break
        try:
            value, end = decoder.raw_decode(text, place)
            found = value if isinstance(value, dict) else found
        except (ValueError, RecursionError):
            end = place + 1
        place = text.find("{", end)
    return found


def _fenced(text: str) -> str | None:
    """Body of the first code fence; None without a closed one."""
    _, opened, rest = text.partition("```")
    body, closed, _ = rest.partition("```")
    if not opened or not closed:
        return None
    first, line_break, others = body.partition("\n")
    return (others if line_break and first.strip().isalnum() else body.removeprefix("json")).strip()
