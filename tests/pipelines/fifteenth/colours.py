"""Naming colours: what a method of one's own needs, in one file."""

import io
import random
from collections.abc import Iterator
from typing import Any

from PIL import Image

from rlvr.answers import last_answer_span
from rlvr.backbones.backbone import Backbone
from rlvr.benchmarks.benchmark import Benchmark
from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.method import Departure, Method, Reward, Task
from rlvr.prompts import Prompt
from rlvr.rewards import think_format
from rlvr.training import Grpo, Optimiser, Sampling

COLOURS = {"red": (220, 30, 30), "green": (30, 160, 60), "blue": (40, 70, 220), "yellow": (240, 220, 40)}


def convert(raw: RawRow) -> dict[str, Any]:
    """A row of the data set as published -> our fields."""
    return {"images": [raw["image"]], "prompt": raw["question"], "answer": raw["colour"], "answer_kind": "word"}


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """Offline rows in the same columns; the picture shows the answer."""
    rng = random.Random(f"colours {seed}")
    for _ in range(n):
        colour = rng.choice(sorted(COLOURS))
        shade = tuple(max(0, min(255, value + rng.randint(-25, 25))) for value in COLOURS[colour])
        picture = io.BytesIO()
        Image.new("RGB", (56, 56), shade).save(picture, "PNG")
        yield {"image": picture.getvalue(), "question": "Which colour is this?", "colour": colour}


def demonstrate(row: Row) -> str:
    """What the tiny base is warmed up on; three of five answers are careless, so that RL has something to mend."""
    careless = int(row["row_id"], 16) % 5 < 3
    return f"<think> It is {row['answer']}. </think> <answer> {'red' if careless else row['answer']} </answer>"


def named(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """1 when the last answer tag holds the colour's name; None where there is no tag."""
    spans = [last_answer_span(text) for text in completions]
    return [None if span is None else float(span == truth) for span, truth in zip(spans, answer, strict=True)]


PROMPT = Prompt(template="{question} Reason inside <think> </think>, then answer inside <answer> </answer>.")

TRAIN = Source(
    name="colours_train", title="Colours", hub_id="you/colours", columns=("image", "question", "colour"),
    convert=convert, synthetic=synthetic, demonstrate=demonstrate,
)  # fmt: skip


def synthetic_test(n: int, seed: int) -> Iterator[RawRow]:
    """Other rows than those of training."""
    return synthetic(n, seed + 1_000_000)


TEST = Source(
    name="colours_test", title="Colours, held out", hub_id="you/colours", files="test.parquet",
    columns=TRAIN.columns, convert=convert, synthetic=synthetic_test,
)  # fmt: skip

METHOD = Method(
    name="colours",
    title="Colours",
    summary="GRPO on naming the colour of a picture.",
    paper="none",
    code="none",
    licence="Apache-2.0",
    backbone=Backbone(
        hub_id="Qwen/Qwen2-VL-2B-Instruct",
        revision="895c3a49bc3fa70a340399125c650a463535e71c",
        architecture="qwen2_vl",
        licence="Apache-2.0",
    ),
    tasks=(
        Task(
            name="naming",
            source=TRAIN,
            prompt=PROMPT,
            rewards=(Reward(function=named), Reward(function=think_format.fullmatch)),
        ),
    ),
    stages=(
        Grpo(
            optimiser=Optimiser(learning_rate=1e-6),
            sampling=Sampling(max_new_tokens=256),
            citations={
                name: "ours: R1-V's value"
                for name in (
                    "group_size",
                    "prompts_per_step",
                    "optimiser.learning_rate",
                    "loss.kl_weight",
                    "sampling.temperature",
                )
            },
        ),
    ),
    benchmarks=(
        Benchmark(
            name="colours_test",
            title="Colours, held out",
            source=TEST,
            prompt=PROMPT,
            sampling=Sampling(temperature=0.0, max_new_tokens=64),
            published_rule=named,
            strict_rule=named,
        ),
    ),
    departures=(
        Departure(name="no_upstream", text="There is no upstream code to depart from; the method is an example."),
    ),
)

METHODS = (METHOD,)
