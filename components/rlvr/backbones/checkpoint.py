"""Real checkpoints: transformers' Auto classes, safetensors only, pinned revisions, remote code only as declared."""

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlvr.backbones.backbone import Backbone
from rlvr.backbones.pixel_limits import limit_pixels
from rlvr.backbones.remote_code import MARKER, mark, may_execute, read_json
from rlvr.errors import RlvrError
from rlvr.links import refuse_link_out
from rlvr.scratch import scratch

if TYPE_CHECKING:
    import torch

COMMIT = re.compile(r"[0-9a-f]{40}")
FILES = ("*.json", "*.safetensors", "*.txt", "*.jinja", "*.model", "LICENSE*")
"""What is read from a model repository: no pickled weights, and no code unless the backbone declares it."""
AUTO_CLASSES = ("AutoModelForImageTextToText", "AutoModelForCausalLM", "AutoModel")
"""Under which of transformers' Auto classes a checkpoint may offer its own model, best first."""


def load_model(folder: Path, precision: str = "float32") -> Any:
    """The image-text-to-text model of a checkpoint folder, on the CPU or the first GPU, in evaluation mode."""
    _require_checkpoint(folder)
    import torch

    transformers = quiet_transformers()
    configuration = read_json(folder / "config.json")
    if configuration.get("model_type") == "kimi_k25":
        from rlvr.backbones.kimi_video import correct_kimi_video

        correct_kimi_video()
    own_code = may_execute(folder)
    offered = configuration.get("auto_map", {}) if own_code else AUTO_CLASSES
    auto_class = next((name for name in AUTO_CLASSES if name in offered), AUTO_CLASSES[0])
    settings = {"dtype": getattr(torch, precision), "use_safetensors": True, "output_loading_info": True}
    model, found = _load(getattr(transformers, auto_class), folder, own_code, **settings)
    if missing := sorted(found["missing_keys"]):
        raise RlvrError(
            f"The weights in {folder} lack {len(missing)} tensors of {type(model).__name__}, among them "
            f"{', '.join(missing[:3])}; they would be random. Give a whole checkpoint of this architecture."
        )
    return model.to(device()).eval()


def load_processor(folder: Path, min_pixels: int | None = None, max_pixels: int | None = None) -> Any:
    """The processor of a checkpoint folder; pixel limits are areas of the resized picture and None keeps its own."""
    _require_checkpoint(folder)
    processor = _load(quiet_transformers().AutoProcessor, folder, may_execute(folder))
    limit_pixels(processor.image_processor, min_pixels, max_pixels)
    return processor


def _load(auto_class: Any, folder: Path, own_code: bool, **settings: Any) -> Any:
    """`from_pretrained` without network, and without the folder's own code unless that is allowed."""
    try:
        return auto_class.from_pretrained(folder, local_files_only=True, trust_remote_code=own_code, **settings)
    except Exception as error:
        if not own_code:
            raise
        import transformers

        raise RlvrError(
            f"The own code of the checkpoint {folder} does not run with transformers {transformers.__version__} "
            f"({type(error).__name__}: {error}). Install the version that it was written for, which its config.json "
            f"names, or choose a commit whose code is newer."
        ) from error


def fetch(backbone: Backbone, out: Path) -> None:
    """Copy the checkpoint of `backbone` (`hub`, a folder or `s3://...`) into `out`, or say what is missing.

    Python files are copied, and marked as allowed to be executed, only when the backbone declares `remote_code`.
    """
    if (backbone.location == "hub" or backbone.remote_code) and not COMMIT.fullmatch(backbone.revision or ""):
        raise RlvrError(
            f"The checkpoint {backbone.hub_id} has revision {backbone.revision!r}; a 40-hex commit is needed so that "
            f"the run can be repeated. Set the backbone's revision, or give a folder or s3:// prefix without remote "
            f"code."
        )
    patterns = (*FILES, "*.py") if backbone.remote_code else FILES
    if backbone.location == "hub":
        from rlvr.hub import fetch_snapshot

        _copy(fetch_snapshot(backbone.hub_id, str(backbone.revision), *patterns, kind="model"), patterns, out)
    elif backbone.location.startswith("s3://"):
        from rlvr.store.prefix import fetch_prefix

        with scratch() as folder:
            fetch_prefix(backbone.location, "*", folder)
            _copy(folder, patterns, out)
    else:
        _copy(Path(backbone.location), patterns, out)
    if backbone.remote_code:
        mark(out, str(backbone.revision))
    may_execute(out)  # a checkpoint that cannot be loaded is refused before any training


def _copy(source: Path, patterns: tuple[str, ...], out: Path) -> None:
    """Copy what the patterns name of a checkpoint folder, and nothing else."""
    _require_checkpoint(source)
    for pattern in patterns:
        for file in sorted(source.glob(pattern)):
            if file.name != MARKER:
                refuse_link_out(file, source)
                shutil.copyfile(file, out / file.name)


def device() -> "torch.device":
    """The GPU of this process where there is one, else the CPU."""
    import torch

    return (
        torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        if torch.cuda.is_available()
        else torch.device("cpu")
    )


def _require_checkpoint(folder: Path) -> None:
    if not folder.is_dir():
        raise RlvrError(f"The checkpoint folder {folder} does not exist.")
    if (folder / "adapter_config.json").is_file() and not (folder / "config.json").is_file():
        raise RlvrError(
            f"{folder} holds adapters (adapter_config.json) without the model that they belong to. Merge them into it "
            f"(merge_and_unload of peft) and give the whole checkpoint."
        )
    if not (folder / "config.json").is_file():
        raise RlvrError(f"{folder} holds no config.json, so it is not a checkpoint in the transformers format.")
    if not any(folder.glob("*.safetensors")):
        raise RlvrError(f"{folder} holds no *.safetensors; pickled weights are not read. Convert the checkpoint first.")


def quiet_transformers() -> Any:
    """The transformers module, importable beside a CPU build of torch and without chatter."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch

    # importing transformers imports DeepSpeed, which remarks on machines without an accelerator
    os.environ.setdefault("DS_ACCELERATOR", "cuda" if torch.cuda.is_available() else "cpu")
    from rlvr.backbones.torchvision_cpu import import_torchvision

    import_torchvision()
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return transformers
