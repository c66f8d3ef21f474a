"""A judge's answers on disk, one small JSON file each, under the digest of what was asked.

    RLVR_JUDGE_CACHE/3f/3fa9...c1.json
    {"answer": "yes", "asked": "Qwen2.5-72B-Instruct", "reported": "Qwen2.5-72B-Instruct-AWQ"}

Files appear whole by a rename and are never changed, so processes and runs may share a folder. The digest covers model,
messages, temperature and length limit; neither endpoint nor key is written.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from rlvr.errors import RlvrError


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a judge said."""

    text: str
    """Its answer."""
    model: str
    """The model name that the server reported."""


class JudgeCache:
    """Answers by key; a cache without a folder remembers nothing."""

    def __init__(self, folder: str | None) -> None:
        self.folder = Path(folder) if folder else None

    def read(self, key: str) -> Answer | None:
        """The answer under `key`; None where there is none, or only a damaged file."""
        try:
            entry = json.loads(self._path(key).read_text(encoding="utf-8")) if self.folder else {}
            return Answer(text="" + entry["answer"], model="" + entry["reported"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def write(self, key: str, *, asked: str, answer: Answer) -> None:
        """Keep an answer; `RlvrError` when the folder cannot be written."""
        if self.folder is None:
            return
        path = self._path(key)
        staged = path.with_name(f".{uuid4().hex}.part")
        entry = {"answer": answer.text, "asked": asked, "reported": answer.model}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            staged.write_text(json.dumps(entry, sort_keys=True) + "\n", encoding="utf-8")
            os.replace(staged, path)
        except OSError as error:
            raise RlvrError(
                f"The judge's answers cannot be kept in {self.folder}: {error}. Set RLVR_JUDGE_CACHE to a folder that "
                f"can be written, or unset it."
            ) from error

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / f"{key}.json"
