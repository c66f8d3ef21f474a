"""Whether tokenizer and weights of a checkpoint belong together.

A token without an embedding fails in the middle of a run, on a GPU without saying where; one whose meaning differs
between the two trains on nonsense without any error.
"""

from pathlib import Path
from typing import Any

from rlvr.backbones.remote_code import read_json
from rlvr.errors import RlvrError

VOCABULARIES = ("tokenizer.model", "tiktoken.model")
"""Files of vocabularies that are no JSON."""


def require_vocabulary(model: Any, processor: Any, folder: Path | str) -> None:
    """`RlvrError` unless `model` embeds every token of the processor's tokenizer and both name the same special ones.

    `folder` is where they come from. More embeddings than tokens are usual (padding for the hardware).
    """
    tokenizer = processor.tokenizer
    rows = int(model.get_input_embeddings().weight.shape[0])
    token, highest = max(tokenizer.get_vocab().items(), key=lambda item: item[1])
    if highest >= rows:
        raise RlvrError(
            f"The tokenizer in {folder} has the token {token!r} with number {highest}, and the model embeds {rows} "
            f"tokens only (0 .. {rows - 1}). Give weights and tokenizer of one checkpoint, or resize the embeddings."
        )
    if tokenizer.eos_token_id is None:
        raise RlvrError(f"The tokenizer in {folder} names no end token (eos_token in tokenizer_config.json); add one.")
    for kind in ("image", "video"):
        known, meant = getattr(processor, f"{kind}_token_id", None), getattr(model.config, f"{kind}_token_id", None)
        if known is not None and meant is not None and known != meant:
            raise RlvrError(
                f"In {folder} the {kind} token is number {known} for the tokenizer and {meant} for the model "
                f"(config.json, {kind}_token_id). Give weights and tokenizer of one checkpoint."
            )


def require_same_tokens(folder: Path, other: Path) -> None:
    """`RlvrError` when two checkpoints whose weights are to be mixed number their tokens differently.

    What is compared is `tokenizer.json`; models without one have the vocabulary as a file that must be the same.
    """
    here, there = _numbers(folder), _numbers(other)
    for token in sorted(here.keys() | there.keys()) if here and there else ():
        if here.get(token) != there.get(token):
            raise RlvrError(
                f"The token {token!r} is number {here.get(token, 'none')} in {folder} and {there.get(token, 'none')} "
                f"in {other}: weights of models with different tokenizers cannot be mixed. Name another stage."
            )
    for name in VOCABULARIES:
        files = [place / name for place in (folder, other)]
        if all(file.is_file() for file in files) and files[0].read_bytes() != files[1].read_bytes():
            raise RlvrError(
                f"{files[0]} and {files[1]} differ: weights of models with different tokenizers cannot be mixed. Name "
                f"another stage."
            )


def _numbers(folder: Path) -> dict[str, int]:
    """Token -> number, of `tokenizer.json`; nothing without one."""
    file = folder / "tokenizer.json"
    if not file.is_file():
        return {}
    content = read_json(file)
    known = content["model"]["vocab"]
    numbers = dict(known) if isinstance(known, dict) else {entry[0]: place for place, entry in enumerate(known)}
    return numbers | {entry["content"]: entry["id"] for entry in content.get("added_tokens") or ()}
