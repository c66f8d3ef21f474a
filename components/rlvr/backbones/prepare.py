"""The base stage: the checkpoint that training starts from, fetched at its pinned revision, or built offline.

A tiny base is built the same way every time: weights from a seed, a tokenizer trained on the method's own texts, and a
short supervised warm-up on demonstrations, after which it speaks the answer format and solves part of the task. Its
warm-up rows come from the training sources, never from benchmark rows.
"""

from pathlib import Path
from typing import Any

from rlvr.backbones.backbone import Backbone, Tiny
from rlvr.canonical import load
from rlvr.data.ingest import converted
from rlvr.data.rows import Row, row_id
from rlvr.data.source import Source
from rlvr.errors import RlvrError
from rlvr.method import Task
from rlvr.progress import report


def prepare(*, backbone: dict[str, Any], tasks: list[dict[str, Any]], model: Path) -> None:
    """Write the base checkpoint of a method to `model`; `backbone` is a `Backbone`, `tasks` are `Task`s as JSON."""
    chosen = load(Backbone, backbone)
    if chosen.location == "tiny":
        _warm_up(chosen, [load(Task, task) for task in tasks], model)
    elif chosen.location == "smol":
        from rlvr.backbones.smol import write

        write(model, chosen.tiny.seed)
    else:
        from rlvr.backbones.checkpoint import fetch

        model.mkdir(parents=True, exist_ok=True)
        fetch(chosen, model)


def _warm_up(backbone: Backbone, tasks: list[Task], model: Path) -> None:
    from rlvr.backbones.tiny import build
    from rlvr.sft import fit
    from rlvr.training import Optimiser, Sft

    tiny = backbone.tiny
    rows = [row for task in tasks for row in demonstrations(task, tiny)]
    prompts = {task.name: task.prompt for task in tasks}
    texts = [text for row in rows for text in (prompts[row["task"]].text(row["prompt"]), row["response"] or "")]
    texts += [
        part
        for prompt in prompts.values()
        for part in ("system\nuser\nassistant\n", prompt.system or "", prompt.prefill)
    ] * 2
    network, processor = build(backbone.architecture, tiny, texts)
    settings = Sft(
        name="base",
        optimiser=Optimiser(
            learning_rate=tiny.warmup_learning_rate, schedule="cosine", final_fraction=0.1, warmup_fraction=0.05
        ),
        steps=tiny.warmup_steps,
        batch_size=tiny.warmup_batch,
    )
    fit(
        network, processor, rows, prompts, settings, seed=tiny.seed,
        watch=lambda step, total, loss: report("base", step, total, loss=loss),
    )  # fmt: skip
    network.save_pretrained(model)
    processor.save_pretrained(model)


def demonstrations(task: Task, tiny: Tiny) -> list[Row]:
    """Synthetic rows of a task's source with worked responses, drawn from a seed that no training run uses."""
    source: Source = task.source
    if source.synthetic is None or source.demonstrate is None:
        raise RlvrError(
            f"Source {source.name} cannot warm up a tiny backbone: it has no synthetic rows with demonstrations. "
            f"Give the backbone a folder, s3:// or hub location."
        )
    rows: list[Row] = []
    for number, raw in enumerate(source.synthetic(tiny.warmup_rows, -1 - tiny.seed), start=1):
        if source.skip is not None and source.skip(raw):
            continue
        row = converted(raw, task.name, source, f"Source {source.name}, synthetic row {number}")
        row["row_id"] = row_id(row)
        row["response"] = source.demonstrate(row)
        rows.append(row)
    return rows
