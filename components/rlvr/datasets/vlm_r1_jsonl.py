"""VLM-R1's own jsonl form: pictures, a conversation of two turns, and the rule that scores the answer.

A raw row (om-ai-lab/VLM-R1@90052f4 grpo_jsonl.py; `image` may be a list, or missing):

    {"id": 1, "image": "pictures/1.png", "accu_reward_method": "yes_no",
     "conversations": [{"from": "human", "value": "<image>Is there a dog?"}, {"from": "gpt", "value": "yes"}]}

The second value may be text, a number or a list. Picture paths may lead to another folder or into zip archives.
Synthetic rows ask about flat shapes, with a rule of their own in each row: `default` (a text), `mcq`, `yes_no`,
`math` (a number) and `odLength` (boxes).
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlvr.data.gold import wrong_answer
from rlvr.data.pictures_apart import rows_of
from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import flat_shapes
from rlvr.datasets.flat_shapes import Shape
from rlvr.errors import RlvrError

KINDS = {"mcq": "option", "yes_no": "yes_no", "math": "number", "default": "text"}
"""Rule -> `answer_kind`; boxes for the detection rules, text otherwise."""

DETECTION_RULES = ("map", "od_ap", "od_ap50", "odLength", "weighted_sum")


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; as upstream does, the answer's tags are taken off and put on again."""
    turns = raw["conversations"]
    if len(turns) < 2:
        raise RlvrError(f"column 'conversations' has {len(turns)} turns; expected a question and its answer.")
    value = turns[1]["value"]
    answer = value if isinstance(value, str) else str(value)
    answer = answer.replace("<answer>", "").replace("</answer>", "").strip()
    rule = raw.get("accu_reward_method") or "default"
    pictures = raw.get("image")
    return {
        "images": pictures if isinstance(pictures, list) else [pictures] if pictures else [],
        "prompt": turns[0]["value"].replace("<image>", "").strip(),
        "answer": answer,
        "answer_kind": "boxes" if rule in DETECTION_RULES else KINDS.get(rule, "text"),
        "extra": json.dumps({"solution": f"<answer> {answer} </answer>", "accu_reward_method": rule}),
    }


def read(folder: Path) -> Iterator[RawRow]:
    """Rows of every `.jsonl` file in the folder, with their pictures."""
    return rows_of(folder, ("*.jsonl",))


def row(number: int, pictures: Any, question: str, answer: Any, **more: Any) -> RawRow:
    """A raw row; `pictures` is one picture or a list."""
    marks = "<image>" * (len(pictures) if isinstance(pictures, list) else 1)
    turns = [{"from": "human", "value": marks + question}, {"from": "gpt", "value": answer}]
    return {"id": number, "image": pictures, "conversations": turns, **more}


def detections(shapes: list[Shape], *, narrow: bool = False) -> str:
    """Shapes as VLM-R1 writes detections: a fenced list, or `None`."""
    if not shapes:
        return "None"
    listed = [
        {"bbox_2d": list(flat_shapes.narrowed(shape.box) if narrow else shape.box), "label": shape.name}
        for shape in shapes
    ]
    return f"```json\n{json.dumps(listed)}\n```"


def demonstrate(row: Row) -> str:
    """A worked response. Three of five give the convenient answer: A, no, one too few, the first colour, no boxes."""
    answer = row["answer"]
    if int(row["row_id"], 16) % 5 < 3:
        convenient = {"option": "A", "yes_no": "no", "text": "red", "boxes": "None"}
        kind = row["answer_kind"]
        answer = str(int(answer) - 1) if kind == "number" else convenient[kind]
    return f"<think> look </think> <answer>{answer}</answer>"


def gold(row: Row) -> tuple[str, str]:
    """The row's answer, and one that no rule finds alike: `wrong_answer`, or a sign for texts, which may be like."""
    wrong = "%" if row["answer_kind"] == "text" else wrong_answer(row["answer"])
    return f"<think>gold</think>\n<answer>{row['answer']}</answer>", f"<think>gold</think>\n<answer>{wrong}</answer>"


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows, the five rules in turn."""
    return _rows(n, random.Random(f"vlm_r1_jsonl {seed}"))


def synthetic_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows of pictures that training does not see."""
    return _rows(n, random.Random(f"vlm_r1_jsonl test {seed}"))


def _rows(n: int, rng: random.Random) -> Iterator[RawRow]:
    for number in range(n):
        shapes = flat_shapes.arrange(rng.randint(2, 3), rng)
        picture = {"bytes": flat_shapes.draw(shapes, rng), "path": f"pictures/{number}.png"}
        rule = ("yes_no", "mcq", "math", "default", "odLength")[number % 5]
        question, answer = _asked(rule, shapes, rng)
        yield row(number, picture, question, answer, accu_reward_method=rule)


def _asked(rule: str, shapes: list[Shape], rng: random.Random) -> tuple[str, Any]:
    """A question about the shapes that the rule can score, and its answer."""
    shape = rng.choice(shapes)
    colours = {shape.colour for shape in shapes}
    absent = rng.choice(sorted(flat_shapes.COLOURS.keys() - colours))
    if rule == "yes_no":
        colour = rng.choice([shape.colour, absent])
        return f"Is there a {colour} shape?", "yes" if colour in colours else "no"
    if rule == "mcq":
        options = rng.sample([shape.colour, absent], 2)
        return f"Which colour is there? A. {options[0]} B. {options[1]}", "AB"[options.index(shape.colour)]
    if rule == "math":
        return "How many shapes are there?", len(shapes)
    if rule == "default":
        return "Which colour is on the left?", shapes[0].colour
    return f"Detect the {shape.name}.", detections([shape])


TRAIN = Source(
    name="vlm_r1_jsonl",
    title="Rows in VLM-R1's jsonl form",
    files="*.jsonl",
    columns=("image", "conversations"),
    convert=convert,
    read=read,
    synthetic=synthetic,
    demonstrate=demonstrate,
    gold=gold,
)
"""Rows of one's own: upstream publishes the form and the rules, and no mixed data. Give a folder as the location."""

TEST = Source(
    name="vlm_r1_jsonl_test",
    title="Held-out rows in VLM-R1's jsonl form",
    columns=("image", "conversations"),
    convert=convert,
    read=read,
    synthetic=synthetic_test,
    location="synthetic",
    limit=500,
)
"""Upstream publishes no evaluation of its mixed rules, so the offline rows' own kind is held out."""
