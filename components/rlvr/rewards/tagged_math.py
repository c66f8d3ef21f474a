"""MM-Eureka's accuracy rewards of the instruct models: the answer tag against the gold, by math-verify and by letter.

    gold "6"   "<think>..</think><answer> $6$ </answer>"   ->  1
    gold "A"   "<answer> C </answer>"                      ->  0 (`dollar_gold`), 1 (`bare_gold`)

| function | upstream file | gold |
|---|---|---|
| `dollar_gold` | reward_func_qwen_instruct.py, branch qwen @ bccddd7 | read between dollars |
| `bare_gold` | reward_func_internvl_instruct.py, branch internvl @ 129fc9e | read bare; truncated replies get 0 |
| `strict` | ours | read between dollars, or compared as text |

Both pay 1 for ANY reply where math-verify reads nothing in the gold: with `bare_gold` that is every bare letter, word
and LaTeX formula. What counts of a reply is the first answer tag that opens and closes on one line, tags included;
otherwise everything behind the last opening tag. A letter A to D that math-verify does not accept counts when the
answer contains it and none of the other three anywhere, so "(B) cat" fails for B and "C) fig" is right for C.
"""

from collections.abc import Sequence
from typing import Any

from rlvr.answers import last_answer_span
from rlvr.rewards import symbolic
from rlvr.rewards.symbolic import Reading

REPLY = Reading(targets=("string", "latex", "expr"))
"""How a reply is read; golds are read without plain strings."""

LETTERS = ("a", "b", "c", "d")
"""Option letters that have the fallback."""


def dollar_gold(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """1 when the answer agrees with `$gold$`, or when nothing can be read there."""
    return [_score(text, f"${truth}$") for text, truth in zip(completions, answer, strict=True)]


def bare_gold(
    completions: list[str], *, answer: list[str], truncated: Sequence[bool] | None = None, **_: Any
) -> list[float | None]:
    """1 when the answer agrees with the bare gold, or when nothing can be read there; 0 for truncated replies."""
    cut = truncated or [False] * len(completions)
    return [0.0 if ended else _score(text, truth) for text, truth, ended in zip(completions, answer, cut, strict=True)]


def strict(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """1 when the last complete answer tag holds the gold's text, or the same mathematics where the gold has any."""
    scores: list[float | None] = []
    for text, truth in zip(completions, answer, strict=True):
        given, wanted = _plain(last_answer_span(text) or ""), _plain(truth)
        letter = wanted.lower() in LETTERS
        same = given == wanted or (not letter and symbolic.equal(f"${given}$", f"${wanted}$") is True)
        scores.append(float(bool(given) and same))
    return scores


def counted_part(text: str) -> tuple[str, str]:
    """What of a reply is compared: text for math-verify, and text for the letters (without tags, stripped)."""
    for line in text.split("\n"):
        before, opened, rest = line.partition("<answer>")
        body, closed, _ = rest.partition("</answer>")
        if opened and closed:
            return f"<answer>{body}</answer>", body.replace("<answer>", "").strip()
    tail = text.rpartition("<answer>")[2]
    return tail, tail.strip().replace("</answer>", "").strip()


def _score(text: str, gold: str) -> float:
    read = symbolic.compare("", gold, REPLY).truth
    if not read:
        return 1.0
    formula, words = counted_part(text)
    if symbolic.compare(formula, gold, REPLY).equal:
        return 1.0
    return float(any(_names_only(words.lower(), part.lower()) for part in read))


def _names_only(words: str, letter: str) -> bool:
    """Whether `letter` is an option and the only one that occurs in `words`."""
    return letter in LETTERS and [option for option in LETTERS if option in words] == [letter]


def _plain(text: str) -> str:
    return text.strip().strip("$").strip()
