r"""Rows for Kimi's RL recipe. Kimi published neither its RL set nor its long-CoT set, so users bring their own.

A folder of parquet or JSON Lines files (pictures embedded, or as paths beside the file), one row a question:

    {"question": "What do the dice show together?", "images": [<PNG>], "answer": "8",
     "form": "open", "passes": 4, "guesses": 0, "response": "◁think▷...◁/think▷\boxed{8}"}

`form`      open, multiple_choice, true_false or proof; only open questions are admitted (k1.5 §2.1)
`passes`    of 10 answers that the fine-tuned start model gave at a high temperature, how many were right;
            difficulty is 1 - passes / 10
`guesses`   of 8 attempts to guess the answer without reasoning, how many were right; a row with any is "easy to hack"
            and left out (k1.5 §2.1, N = 8)
`response`  a long-CoT answer, checked by rules or a reward model (k1.5 §2.2); read for the long-CoT set alone

`refusal` says which filter a row fails; conversion stops at such a row, so filter before: `filter(admitted, rows)`.
Synthetic rows show two to four dice to be added up; more dice are harder.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import dice
from rlvr.errors import RlvrError
from rlvr.thinking import CLOSE, OPEN

SAMPLES, GUESSES = 10, 8
"""Answers with which difficulty is measured; attempts to guess without reasoning (k1.5 §2.1)."""

QUESTION = "What do the dice show together?"
"""Our wording of the synthetic question."""

COLUMNS = ("question", "images", "answer", "form", "passes", "guesses")


def refusal(raw: RawRow) -> str | None:
    """The filter of k1.5 §2.1 that a row fails, or None."""
    if raw["form"] != "open":
        return f"its form is {raw['form']!r}, which can be right by chance or not be checked; only open ones are used"
    if raw["guesses"] > 0:
        return f"{raw['guesses']} of {GUESSES} guesses without reasoning were right, so the row is easy to hack"
    return None


def admitted(raw: RawRow) -> bool:
    """Whether a row passes the filters."""
    return refusal(raw) is None


def convert(raw: RawRow) -> dict[str, Any]:
    """A raw row -> our fields; `RlvrError` for one that should have been filtered out."""
    if (reason := refusal(raw)) is not None:
        raise RlvrError(f"{reason}. Filter the rows before: rlvr.datasets.kimi_mix.admitted.")
    if not 0 <= raw["passes"] <= SAMPLES:
        raise RlvrError(f"column 'passes' is {raw['passes']}; expected the right ones of {SAMPLES} answers.")
    return {
        "images": raw["images"],
        "prompt": raw["question"],
        "answer": raw["answer"],
        "answer_kind": "integer" if raw["answer"].lstrip("-").isdecimal() else "text",
        "response": raw.get("response"),
        "extra": json.dumps({"difficulty": (SAMPLES - raw["passes"]) / SAMPLES}),
    }


def gold(row: Row) -> tuple[str, str]:
    """The answer in a box behind the reasoning, and another one."""
    wrong = str(int(row["answer"]) + 1) if row["answer_kind"] == "integer" else "no such answer"
    right, other = (f"{OPEN}gold{CLOSE}\\boxed{{{answer}}}" for answer in (row["answer"], wrong))
    return right, other


def demonstrate(row: Row) -> str:
    """A worked response: the dice added one by one; one of five says it a second time, as the long response does.

    Three of five overlook the last die: the base adds, but carelessly, and RL has something to teach.
    """
    kind, response = int(row["row_id"], 16) % 5, row["response"] or ""
    steps = response.removeprefix(OPEN).partition(AGAIN)[0].split()
    return response if kind == 4 else _short(steps[:-1] if kind < 3 else steps)


def synthetic_long(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows for the long-CoT set."""
    return _rows(n, f"kimi_mix long {seed}")


def synthetic_train(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows for RL."""
    return _rows(n, f"kimi_mix train {seed}")


def synthetic_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows for evaluation."""
    return _rows(n, f"kimi_mix test {seed}")


AGAIN = " again "
"""Where a long response begins to check itself."""


def _rows(n: int, key: str) -> Iterator[RawRow]:
    """Rows with the passes that a model might have: the more dice, the fewer."""
    rng = random.Random(key)
    for number in range(n):
        values = [rng.randint(1, 6) for _ in range(number % 3 + 2)]
        steps = _steps(values)
        yield {
            "question": QUESTION,
            "images": [dice.draw(values, rng)],
            "answer": str(sum(values)),
            "form": "open",
            "passes": {2: 8, 3: 5, 4: 2}[len(values)],
            "guesses": 0,
            "response": f"{OPEN}{steps}{AGAIN}{steps}{CLOSE}\\boxed{{{sum(values)}}}",
        }


def _steps(values: Sequence[int]) -> str:
    """`3 +5=8 +2=10`."""
    totals = accumulate(values)
    return " ".join(
        f"+{value}={total}" if place else str(value)
        for place, (value, total) in enumerate(zip(values, totals, strict=True))
    )


def _short(steps: Sequence[str]) -> str:
    """The response that consists of those steps and answers with their last number."""
    return f"{OPEN}{' '.join(steps)}{CLOSE}\\boxed{{{steps[-1].rpartition('=')[2]}}}"


def _source(name: str, title: str, synthetic: Callable[[int, int], Iterator[RawRow]], *further: str) -> Source:
    return Source(
        name=name,
        title=title,
        files="**/*.*",
        licence="not published; the user's own rows",
        columns=(*COLUMNS, *further),
        convert=convert,
        synthetic=synthetic,
        demonstrate=demonstrate,
        gold=gold,
    )


LONG_COT = _source("kimi_mix_long_cot", "Long-CoT rows in Kimi's form", synthetic_long, "response")
"""Warm-up set of long responses; give a folder as its location."""

TRAIN = _source("kimi_mix_train", "RL rows in Kimi's form", synthetic_train)
"""RL set; give a folder as its location."""

TEST = replace(
    _source("kimi_mix_test", "Held-out dice", synthetic_test),
    licence="Apache-2.0 (our own)",
    location="synthetic",
    limit=1000,
)
"""Rows of our own, made from another seed."""
