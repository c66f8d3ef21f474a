"""The command line that runs lmms-eval on a checkpoint.

python -m lmms_eval --model qwen2_5_vl --model_args pretrained=DIR --tasks cv_bench,mmmu_val --batch_size 1
    --output_path OUT --log_samples --seed 0

OUT then holds <folder>/<time>_results.json and one <time>_samples_<task>.jsonl a task.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rlvr.errors import RlvrError

WRAPPERS: Mapping[str, str] = {
    "internvl": "internvl_hf",
    "qwen2_5_vl": "qwen2_5_vl",
    "qwen2_vl": "qwen2_vl",
    "qwen3_vl": "qwen3_vl",
}
"""`model_type` of a checkpoint's config.json -> lmms-eval's name of the model."""


def command(model: Path, tasks: Sequence[str], out: Path) -> list[str]:
    """Arguments of one run of all `tasks` on the checkpoint folder `model`."""
    if "," in str(model) or "=" in str(model):
        raise RlvrError(f"lmms-eval splits the checkpoint's folder {model} at its comma or equals sign; move it.")
    return [
        sys.executable, "-m", "lmms_eval",
        "--model", wrapper(model),
        "--model_args", f"pretrained={model}",
        "--tasks", ",".join(tasks),
        "--batch_size", "1",
        "--output_path", str(out),
        "--log_samples",
        "--seed", "0",
    ]  # fmt: skip


def wrapper(model: Path) -> str:
    """lmms-eval's name for the checkpoint's architecture."""
    path = model / "config.json"
    try:
        kind = json.loads(path.read_text(encoding="utf-8"))["model_type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RlvrError(f"{path} does not name a model_type ({error}); give a transformers checkpoint.") from error
    if kind not in WRAPPERS:
        raise RlvrError(
            f"lmms-eval has no model for {kind!r}; the cross-check knows {', '.join(sorted(WRAPPERS))}. Run the "
            f"pipeline without it."
        )
    return WRAPPERS[kind]
