"""Two readings of an answer whose tag may never close, both Curr-ReFT's.

    text                        answer_content    cut_answer
    ...<answer>yes</answer>     "yes"             "yes"
    ...<answer>yes              "yes"             "ye"
    ...<answer>a<answer>b       "a"               "a"
    ...<answer>a<b>             "a<b>"            "a"
    yes                         None              "yes"

Upstream: ding523/Curr_REFT@f123433 src/open_r1/Stage{1,2,3}_*_math_resize.py.
"""

from rlvr.answers import answer_span

OPENING = "<answer>"


def answer_content(text: str) -> str | None:
    """Content of the first answer tag; of an unclosed one up to the next opening tag or the end. None without a tag."""
    if (closed := answer_span(text)) is not None:
        return closed
    _, opened, rest = text.partition(OPENING)
    return rest.partition(OPENING)[0].strip() if opened else None


def cut_answer(text: str) -> str:
    """Content of the first answer tag; of an unclosed one up to the next `<`, or all but its last character.

    The whole text where there is no tag. The lost character is a slip in upstream's pattern, and often a box's bracket.
    """
    if (closed := answer_span(text)) is not None:
        return closed
    _, opened, rest = text.partition(OPENING)
    if not opened:
        return text.strip()
    end = max(len(rest) - 1 - rest.endswith("\n"), 0)
    tag = rest.find("<")
    return rest[: end if tag < 0 else min(end, tag)].strip()
