"""Real checkpoints: transformers' Auto classes, safetensors only, pinned revisions, no remote code."""

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlvr.backbones.backbone import Backbone
from rlvr.errors import RlvrError

if TYPE_CHECKING:
    import torch

COMMIT = re.compile(r"[0-9a-f]{40}")
FILES = ["*.json", "*.safetensors", "*.txt", "*.jinja", "*.model", "LICENSE*"]
"""What is read from a model repository: no pickled weights, no code."""


def load_model(folder: Path, precision: str = "float32") -> Any:
    """The image-text-to-text model of a checkpoint folder, on the CPU or the first GPU, in evaluation mode."""
    _require_checkpoint(folder)
    import torch

    transformers = quiet_transformers()
    model = transformers.AutoModelForImageTextToText.from_pretrained(
        folder, dtype=getattr(torch, precision), use_safetensors=True, local_files_only=True
    )
    return model.to(device()).eval()


def load_processor(folder: Path, min_pixels: int | None = None, max_pixels: int | None = None) -> Any:
    """The processor of a checkpoint folder; pixel limits are areas of the resized picture and None keeps its own."""
    _require_checkpoint(folder)
    processor = quiet_transformers().AutoProcessor.from_pretrained(folder, local_files_only=True)
    size = dict(processor.image_processor.size)
    if min_pixels is not None:
        size["shortest_edge"] = min_pixels
    if max_pixels is not None:
        size["longest_edge"] = max_pixels
    processor.image_processor.size = size
    return processor


def fetch(backbone: Backbone, out: Path) -> None:
    """Copy the checkpoint of `backbone` (`hub`, a folder or `s3://...`) into `out`, or say what is missing."""
    if backbone.location == "hub":
        source = _from_hub(backbone)
    elif backbone.location.startswith("s3://"):
        from rlvr.store.prefix import fetch_prefix

        with tempfile.TemporaryDirectory(prefix="rlvr-checkpoint-") as name:
            fetch_prefix(backbone.location, "*", Path(name))
            _copy(Path(name), out)
        return
    else:
        source = Path(backbone.location)
    _copy(source, out)


def _copy(source: Path, out: Path) -> None:
    """Copy what `FILES` names of a checkpoint folder, and nothing else."""
    _require_checkpoint(source)
    for pattern in FILES:
        for file in sorted(source.glob(pattern)):
            shutil.copyfile(file, out / file.name)


def device() -> "torch.device":
    """The GPU of this process where there is one, else the CPU."""
    import torch

    return (
        torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        if torch.cuda.is_available()
        else torch.device("cpu")
    )


def _from_hub(backbone: Backbone) -> Path:
    from rlvr.hub import fetch_snapshot

    if not COMMIT.fullmatch(backbone.revision or ""):
        raise RlvrError(
            f"The checkpoint {backbone.hub_id} has revision {backbone.revision!r}; a 40-hex commit is needed so that "
            f"the run can be repeated. Set the backbone's revision, or give a folder or s3:// prefix."
        )
    return fetch_snapshot(backbone.hub_id, str(backbone.revision), *FILES, kind="model")


def _require_checkpoint(folder: Path) -> None:
    if not folder.is_dir():
        raise RlvrError(f"The checkpoint folder {folder} does not exist.")
    if not (folder / "config.json").is_file():
        raise RlvrError(f"{folder} holds no config.json, so it is not a checkpoint in the transformers format.")
    if not any(folder.glob("*.safetensors")):
        raise RlvrError(f"{folder} holds no *.safetensors; pickled weights are not read. Convert the checkpoint first.")


def quiet_transformers() -> Any:
    """The transformers module, importable beside a CPU build of torch and without chatter."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from rlvr.backbones.torchvision_cpu import import_torchvision

    import_torchvision()
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return transformers
