"""MMMU's answer rules: the letter of an option, or a number or text for open questions.

    multiple-choice, truth "B"              <answer>(B) 4</answer>, "the answer is 4"   ->  1 (option B is 4)
    open, truth "['12', 'twelve']"          <answer>12.00</answer>                      ->  1

open-r1-multimodal lets GPT-4o find and judge the answer; here `said_answer` finds it and open answers are compared as
MMMU's own evaluation does (eval_utils.py: numbers rounded to two decimals, texts contained), without its random guess
where no option can be read.
"""

from typing import Any

from rlvr.datasets.choices import LETTERS
from rlvr.datasets.mmmu_val import texts
from rlvr.scoring.final_answer import final_answer, number, option, said_answer


def published(
    completions: list[str], *, answer: list[str], answer_kind: list[str], options: list[list[str] | None], **_: Any
) -> list[float | None]:
    """The answer wherever the reply says it."""
    rows = zip(completions, answer, answer_kind, options, strict=True)
    return [_score(said_answer(text), truth, kind, choices) for text, truth, kind, choices in rows]


def strict(
    completions: list[str], *, answer: list[str], answer_kind: list[str], options: list[list[str] | None], **_: Any
) -> list[float | None]:
    """The answer tag or box alone; open texts must be equal."""
    rows = zip(completions, answer, answer_kind, options, strict=True)
    return [_score(final_answer(text), truth, kind, choices, whole=True) for text, truth, kind, choices in rows]


def _score(said: str | None, truth: str, kind: str, choices: list[str] | None, *, whole: bool = False) -> float | None:
    if said is None:
        return None
    if kind == "letter":
        chosen = option(said, choices)
        return None if chosen is None else float(LETTERS[chosen] == truth)
    wanted = texts(truth, "answer") if truth.startswith("[") else [truth]
    return float(any(_same(said, each, whole) for each in wanted))


def _same(said: str, wanted: str, whole: bool) -> bool:
    ours, theirs = number(said), number(wanted)
    if ours is not None and theirs is not None:
        return round(ours, 2) == round(theirs, 2)
    said, wanted = said.strip().casefold(), wanted.strip().casefold()
    return said == wanted if whole else wanted in said
