"""Reading an answer out of a model's text: tag bodies, integers, conclusions of a reasoning trace.

    <think> I count 1 2 3. </think> <answer> 3 </answer>   ->   "3"

Every function takes any text whatever and needs time linear in its length: plain searches, or patterns in which
nothing can be matched in two ways. Where upstream has a quadratic pattern, the same result is found in another way.
"""

import re

INTEGER = re.compile(r"\s*([+-]?[0-9]{1,18})\s*")
"""One integer in ASCII digits and nothing else; 18 digits are more than any answer needs."""

DIGITS_ONLY_ANSWER = re.compile(r"<answer>\s*+(\d++)\s*+</answer>")
"""An answer tag that holds only digits (of any script) and white space, as R1-V's SuperCLEVR evaluation reads it."""


def answer_span(text: str) -> str | None:
    """Content of the first complete answer tag, stripped; line breaks are allowed. None when there is no such tag."""
    return tag_span(text, "answer")


def tag_span(text: str, tag: str) -> str | None:
    """Content of the first complete `<tag>...</tag>`, stripped; None when there is none."""
    # When the first opening tag has no closing tag behind it, no later one has.
    _, opened, rest = text.partition(f"<{tag}>")
    body, closed, _ = rest.partition(f"</{tag}>")
    return body.strip() if opened and closed else None


def one_line_answer_span(text: str) -> str | None:
    """Content of the first answer tag that opens and closes on one line, stripped (R1-V's training reward)."""
    for line in text.split("\n"):
        if (body := tag_span(line, "answer")) is not None:
            return body
    return None


def last_answer_span(text: str) -> str | None:
    """Content of the last complete answer tag, stripped; the innermost one where tags are nested."""
    start = text.rfind("<answer>", 0, max(text.rfind("</answer>"), 0))
    return tag_span(text[start:], "answer") if start >= 0 else None


def sliced_answer(text: str) -> str:
    """What r1-vlm's evaluation cuts out: from behind the first opening tag up to the first closing tag, stripped.

    It does not notice missing tags: a missing opening tag counts as position -1, a missing closing tag as the last
    character, so the result may be any part of the text.
    """
    return text[text.find("<answer>") + len("<answer>") : text.find("</answer>")].strip()


def integer(text: str | None) -> int | None:
    """The integer that the text consists of; None for anything else."""
    match = INTEGER.fullmatch(text) if text is not None else None
    return int(match[1]) if match else None


def digits_only_answer(text: str) -> str | None:
    """Digits of the first answer tag that holds only digits and white space; None when there is no such tag."""
    match = DIGITS_ONLY_ANSWER.search(text)
    return match[1] if match else None


def _patterns(*texts: str) -> tuple[re.Pattern[str], ...]:
    """Compiled patterns; VALUE and THINGS stand for what a CLEVR answer and a CLEVR object may be."""
    value, things = "(no|yes|[0-9]+)", "(?:items?|objects?|spheres?|cubes?|boxes?)"
    return tuple(
        re.compile(text.replace("VALUE", value).replace("THINGS", things).replace("NUMBER", "([0-9]+)"), re.IGNORECASE)
        for text in texts
    )


CONCLUSION_OF_LINE = _patterns(
    r"(?:so|therefore|thus|hence),?\s*(?:the answer is\s+)?\*\*\s*VALUE\s*\*\*",
    r"(?:so|therefore|thus|hence),?\s*(?:the answer is\s+)?VALUE\b",
    r"the answer is\s+\*\*\s*VALUE\s*\*\*",
    r"(?:final|conclusive) answer(?:\s+is)?\s*\*\*\s*VALUE\s*\*\*",
)
"""What a concluding line looks like, best form first; bold text is Markdown's."""

CONCLUSION_OF_TRACE = _patterns(
    r"\*\*The answer is:\s*\*\*\s*VALUE\b",
    r"\*\*Answer:\s*\*\*\s*VALUE\b",
    r"\*\*Answer\*\*:\s*VALUE\b",
    r"\*\*Answer:?\s*\*\*\s*There (?:is|are)\s+NUMBER",
    r"\*\*Final Count:\s*\*\*\s*NUMBER",
    r"\*\*Total:\s*\*\*\s*NUMBER",
    r"The answer is:\s*VALUE\b",
    r"Answer:\s*VALUE\b",
    r"should be\s+NUMBER[.\s]",
    r"\*\*\s*NUMBER\s*\*\*",
    r"\*\*\s*NUMBER\s+THINGS\s*\*\*",
    r"\*\*\s*NUMBER\s[^*]++\*\*",
    r"\$\\boxed{NUMBER}\$",
    r"\\boxed{NUMBER}",
    r"There (?:is|are)\s+NUMBER\s+THINGS",
)
"""Where else in the whole trace an answer may stand, tried in this order."""


def trace_conclusion(trace: str) -> str | None:
    """The answer that an R1 reasoning trace arrives at, in lower case; None rejects the trace.

    R1-V kept a distilled trace for its cold start when this answer equalled the label. The last three lines are read
    first, from the end.
    """
    if "<think>" not in trace or "</think>" not in trace:
        return None
    for line in reversed(trace.split("\n")[-3:]):
        for pattern in CONCLUSION_OF_LINE:
            if match := pattern.search(line):
                return match[1].lower()
    matches = (pattern.search(trace) for pattern in CONCLUSION_OF_TRACE)
    return next((match[1].lower() for match in matches if match), None)
