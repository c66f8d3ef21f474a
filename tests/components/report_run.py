"""A made-up run with everything a report reads: real pictures, predictions, training records and a verdict."""

import io
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageDraw

from rlvr.backbones.backbone import Backbone
from rlvr.benchmarks.benchmark import Benchmark, Published
from rlvr.data import rows
from rlvr.data.source import Source
from rlvr.method import Departure, Method, Reward, Task
from rlvr.prompts import Prompt
from rlvr.report.lineage import walk
from rlvr.training import Grpo, Optimiser, Sampling, Sft

COLOURS = ("#3f7cac", "#d1603d", "#7a9e4b", "#8f5d9e", "#caa33b", "#4a4a4a")
HOSTILE = "<script>alert('x')</script><img src=https://evil.example/p.png onerror=alert(1)>\x07\x1b[31m\u202e</pre>"


def record(performed: str, inputs: dict[str, str], outputs: dict[str, str], **parameters: Any) -> dict[str, Any]:
    """What the store remembers of a stage."""
    return {"stage": performed, "inputs": inputs, "outputs": outputs, "parameters": parameters, "code": "now"}


LINEAGE = walk(
    {
        "r1": record(
            "rlvr.data.ingest:ingest",
            {},
            {"out": "aa" * 32},
            sources=[{"source": {"name": "clevr_train", "location": "synthetic", "licence": HOSTILE}}],
        ),
        "r2": record("rlvr.rl.train:train", {"rows": "aa" * 32}, {"model": "c4" * 32}, stage={"name": "grpo"}, seed=0),
        "r3": record(
            "rlvr.evaluate:evaluate",
            {"model": "c4" * 32, "tests": "aa" * 32},
            {"predictions": "ee" * 32},
            benchmark={"name": "superclevr_200"},
            role="tuned",
        ),
    },
    {"evaluations": ["ee" * 32], "verdict": "dd" * 32},
    code="now",
)


def convert(row: dict[str, Any]) -> dict[str, Any]:
    return row


def score(completions: list[str], **columns: list[Any]) -> list[float | None]:
    return [None for _ in completions]


def thinking(completions: list[str], **columns: list[Any]) -> list[float | None]:
    return [None for _ in completions]


def make_method(location: str = "synthetic", backbone: str = "tiny") -> Method:
    """Counting on CLEVR, three benchmarks: two of right and wrong, one graded."""

    def benchmark(name: str, title: str, published: tuple[Published, ...] = ()) -> Benchmark:
        return Benchmark(
            name=name,
            title=title,
            source=Source(name=f"{name}_test", title=title, convert=convert, location=location),
            prompt=Prompt(template="{question}"),
            sampling=Sampling(temperature=0.0, max_new_tokens=256),
            published_rule=score,
            strict_rule=score,
            published=published,
        )

    where = "README of Deep-Agent/R1-V at bbbbe3d, table of results"
    optimiser = Optimiser(learning_rate=1e-6)
    return Method(
        name="r1_v",
        title="R1-V",
        summary="Counting on CLEVR with a model of two billion parameters; it is reported that a hundred steps "
        "of reinforcement learning lift it above models many times its size.",
        paper="R1-V: Reinforcing Super Generalization Ability in Vision Language Models (2025)",
        code="Deep-Agent/R1-V at bbbbe3d",
        licence="Apache-2.0",
        backbone=Backbone(
            hub_id="Qwen/Qwen2-VL-2B-Instruct",
            revision="895c3a49bc3fa70a340399125c650a463535e71c",
            architecture="qwen2_vl",
            licence="Apache-2.0",
            location=backbone,
        ),
        tasks=(
            Task(
                name="counting",
                source=Source(name="clevr_train", title="CLEVR", convert=convert, location=location),
                prompt=Prompt(template="{question}"),
                rewards=(Reward(function=score), Reward(function=thinking)),
            ),
        ),
        stages=(Sft(optimiser=optimiser), Grpo(optimiser=optimiser)),
        benchmarks=(
            benchmark(
                "superclevr_200",
                "SuperCLEVR-200",
                (
                    Published(model="Qwen2-VL-2B", role="base", score_percent=48.0, rows=200, source=where),
                    Published(model="Qwen2-VL-2B", role="tuned", score_percent=82.5, rows=200, source=where),
                    Published(model="Qwen2-VL-2B, SFT", role="sft", score_percent=42.5, rows=None, source=where),
                ),
            ),
            benchmark(
                "geoqa_test",
                "GeoQA test",
                (
                    Published(model="Qwen2-VL-7B", role="base", score_percent=30.63, rows=754, source=where),
                    Published(model="Qwen2-VL-7B", role="tuned", score_percent=38.72, rows=754, source=where),
                ),
            ),
            benchmark("grounding", "Grounding, mean overlap"),
        ),
        departures=(
            Departure(
                name="answer_anywhere",
                text="The accuracy reward of the publication accepts an answer anywhere in the reply; it is kept here "
                "and the strict rule is reported beside it.",
            ),
            Departure(
                name="no_repetition_penalty",
                text="The evaluation script asks for a repetition penalty that the paper does not name; none is used.",
            ),
            Departure(
                name="seed",
                text="The paper gives no seed. Seed 0 is used, and the intervals do not cover the choice of seed.",
            ),
        ),
    )


def picture(rng: np.random.Generator, count: int, side: int = 224) -> bytes:
    image = Image.new("RGB", (side, side * 3 // 4), "#e9e6df")
    draw = ImageDraw.Draw(image)
    for place in rng.permutation(12)[:count].tolist():
        x, y = 12 + place % 4 * (side // 4), 10 + place // 4 * (side // 4)
        size, colour = int(rng.integers(22, 38)), COLOURS[int(rng.integers(len(COLOURS)))]
        draw.rounded_rectangle((x, y, x + size, y + size), radius=size // 2 * int(rng.integers(2)), fill=colour)
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def _reply(rng: np.random.Generator, answer: int, value: float | None) -> str:
    if value is None:
        return "There are several items in the picture, some of them round."
    said = answer if value == 1 else answer + int(rng.choice([-1, 1, 2]))
    return (
        f"<think>I go through the picture row by row. I find {max(1, said - 2)} round items and some with corners, "
        f"which makes {said} in all.</think> <answer> {said} </answer>"
    )


def write_evaluation(folder: Path, about: dict[str, Any], predictions: Sequence[dict[str, Any]]) -> Path:
    folder.mkdir(parents=True)
    schema = pa.schema(
        [
            ("row_id", pa.string()),
            ("completion", pa.string()),
            ("tokens", pa.int64()),
            ("truncated", pa.bool_()),
            ("published", pa.float64()),
            ("strict", pa.float64()),
        ]
    )
    pq.write_table(pa.Table.from_pylist(list(predictions), schema=schema), folder / "predictions.parquet")
    (folder / "evaluation.json").write_text(json.dumps({"rows": len(predictions), **about}))
    return folder


def _evaluate(root: Path, tests: Sequence[rows.Row], name: str, role: str, chance: float, location: str) -> Path:
    rng = np.random.default_rng(len(name) * 10 + len(role))
    predictions = []
    for row in (row for row in tests if row["task"] == name):
        if name == "grounding":
            value: float | None = round(float(np.clip(rng.normal(chance, 0.2), 0, 1)), 4)
        else:
            value = float(rng.random() < chance)
        if rng.random() < (0.2 if role == "base" else 0.03):
            value = None
        strict = value if rng.random() < 0.95 else None
        text = _reply(rng, int(row["answer"]), value)
        predictions.append(
            {
                "row_id": row["row_id"],
                "completion": text,
                "tokens": len(text) // 4,
                "truncated": bool(rng.random() < 0.02),
                "published": value,
                "strict": strict,
            }
        )
    first = min(range(len(predictions)), key=lambda index: predictions[index]["row_id"])
    if role == "base":
        predictions[first]["completion"] = HOSTILE + " again" * 300
    about = {"benchmark": name, "role": role, "seconds": 41.5 if role == "base" else 63.25, "location": location}
    about["hardware"] = "2 x NVIDIA H100"
    digest = "5b" * 32 if role == "base" else "c4" * 32
    return write_evaluation(root / f"{name}-{role}", {**about, "model_digest": digest}, predictions)


def _write_training(root: Path, row_ids: Sequence[str]) -> Path:
    rng = np.random.default_rng(3)
    sft, grpo = root / "sft", root / "grpo"
    for folder in (sft, grpo):
        folder.mkdir(parents=True)
    with (sft / "metrics.jsonl").open("w") as out:
        for step in range(1, 61):
            entry = {"step": step, "loss": 0.4 + 1.9 * math.exp(-step / 14) + rng.normal(0, 0.05), "seconds": 0.4}
            entry |= {"learning_rate": 2e-3 * min(1, step / 6), "grad_norm": 1.5 + rng.gamma(2, 0.3)}
            out.write(json.dumps(entry) + "\n")
    rollouts: list[dict[str, Any]] = []
    with (grpo / "metrics.jsonl").open("w") as out:
        for step in range(1, 121):
            skill = 0.35 + 0.45 / (1 + math.exp(-(step - 45) / 16))
            right = float(np.clip(skill + rng.normal(0, 0.07), 0, 1))
            form = float(np.clip(1 - 0.6 * math.exp(-step / 20) + rng.normal(0, 0.03), 0, 1))
            entry = {
                "step": step,
                "reward": right + form,
                "rewards": {"digits.correctness": right, "think_format.whole_reply": form},
                "kl": 0.0006 * step * abs(1 + rng.normal(0, 0.12)),
                "entropy": 1.1 * math.exp(-step / 70) + abs(rng.normal(0, 0.04)) + 0.1,
                "length_mean": 62 + step * 0.4 + rng.normal(0, 4),
                "length_p95": 120 + step * 0.8 + rng.normal(0, 9),
                "truncated_percent": max(0.0, 6 - step * 0.05 + rng.normal(0, 1)),
                "dead_groups_percent": float(np.clip(20 + step * 0.3 + rng.normal(0, 6), 0, 100)),
                "grad_norm": 0.4 + rng.gamma(2, 0.12) + (3.0 if step == 71 else 0.0),
                "learning_rate": 1e-6 * (1 - (step - 1) / 120),
                "loss": 0.00003 * step + rng.normal(0, 0.0006),
                "pass_rate": right,
                "seconds": 3.1,
                "tokens_per_second": 2400.0,
            }
            out.write(json.dumps(entry) + "\n")
            for prompt in range(4):
                chance = float(rng.beta(3 * skill, 3 * (1 - skill)))
                for _ in range(8):
                    correct = bool(rng.random() < chance)
                    row = row_ids[(step * 4 + prompt) % len(row_ids)]
                    entry = {
                        "step": step,
                        "row_id": row,
                        "completion": f"said in step {step} {HOSTILE}",
                        "reward": 1.0 + correct,
                        "rewards": json.dumps({"digits.correctness": float(correct), "think_format.whole_reply": 1.0}),
                        "correct": correct,
                    }
                    rollouts.append(entry)
    pq.write_table(pa.Table.from_pylist(rollouts), grpo / "rollouts.parquet")
    for folder, kind, steps, seconds, tokens in ((sft, "Sft", 60, 26.0, 0), (grpo, "Grpo", 120, 5012.4, 1_203_456)):
        about = {"name": folder.name, "kind": kind, "steps": steps, "seconds": seconds, "response_tokens": tokens}
        about |= {"peak_memory_bytes": 3_212_000_000, "hardware": "16 CPU cores, no accelerator"}
        (folder / "stage.json").write_text(json.dumps(about))
    return root


def _write_verdict(root: Path, row_ids: Sequence[str]) -> Path:
    root.mkdir()
    spare = [row_id[::-1] for row_id in row_ids]
    checks = [
        ("picture_decodes", "Pictures decode", "critical", 3, "A picture that cannot be read cannot be trained on."),
        ("answer_in_range", "Counts lie between 0 and 20", "critical", 0, "Outside it the reward can never be earned."),
        ("duplicate_row", "Rows are not repeated", "warning", 11, "Repeated rows weigh more than others."),
        ("overlap", "No test picture is trained on", "critical", 2, "A shared picture makes the test easier."),
        ("prompt_length", "Prompts fit the model's window", "warning", 0, "Longer prompts would be cut."),
    ]
    verdict = {
        "passed": True,
        "rows_in": 2000,
        "rows_out": 1984,
        "test_rows": 410,
        "checks": [
            {"name": name, "title": title, "severity": severity, "failed": n, "row_ids": spare[:n], "why": why}
            for name, title, severity, n, why in checks
        ],
        "sources": [
            {
                "name": "clevr_cogent_a_train",
                "location": "synthetic",
                "licence": "CC BY 4.0",
                "revision": None,
                "rows": 2000,
                "published_rows": 70000,
            }
        ],
        "overlap": [
            {"benchmark": "superclevr_200", "rows": 2, "shared_pictures": 2},
            {"benchmark": "geoqa_test", "rows": 0, "shared_pictures": 0},
            {"benchmark": "grounding", "rows": 0, "shared_pictures": 0},
        ],
    }
    (root / "verdict.json").write_text(json.dumps(verdict))
    return root


def make_run(root: Path, *, location: str = "synthetic", backbone: str = "tiny", n: int = 200) -> dict[str, Any]:
    """Arguments of `page.build` except `out`, with all folders written under `root`."""
    rng = np.random.default_rng(0)
    method = make_method(location, backbone)
    tests: list[rows.Row] = []
    for name, size in (("superclevr_200", n), ("geoqa_test", 120), ("grounding", 90)):
        for _ in range(size):
            count = int(rng.integers(3, 11))
            row: rows.Row = {
                "source": f"{name}_test",
                "task": name,
                "images": [picture(rng, count)],
                "prompt": "How many different items are there in the image?",
                "answer": str(count),
                "answer_kind": "integer",
            }
            tests.append({**row, "row_id": rows.row_id(row)})
    rows.write(tests, root / "tests")
    chances = {"superclevr_200": (0.5, 0.78), "geoqa_test": (0.36, 0.38), "grounding": (0.5, 0.58)}
    evaluations = [
        _evaluate(root / "evaluations", tests, name, role, chance, location)
        for name, both in chances.items()
        for role, chance in zip(("base", "tuned"), both, strict=True)
    ]
    row_ids = [row["row_id"] for row in tests]
    return {
        "method": method.to_json(),
        "profile": "laptop",
        "seed": 0,
        "changes": [
            {"field": "backbone.location", "published": "hub", "run": "tiny"},
            {"field": "stages.grpo.group_size", "published": 15, "run": 8},
            {"field": "stages.grpo.steps", "published": None, "run": 120},
            {"field": "stages.grpo.optimiser.learning_rate", "published": 1e-6, "run": 3e-4},
            {"field": "tasks.counting.source.limit", "published": None, "run": 2000},
        ],
        "verdict": _write_verdict(root / "verdict", row_ids),
        "training": _write_training(root / "training", row_ids),
        "evaluations": evaluations,
        "tests": root / "tests",
        "rows": root / "tests",  # the made-up rollouts speak of the test rows
        "lineage": LINEAGE,
    }
