"""Tokens for the API: read from a file or the environment each time, never written, shown or logged."""

import os
from pathlib import Path
from typing import Any

from kfp.client.token_credentials_base import TokenCredentialsBase

from rlvr.errors import RlvrError

TOKEN = "RLVR_KFP_TOKEN"
"""Environment variable with a token."""
TOKEN_FILE = "RLVR_KFP_TOKEN_FILE"
"""Environment variable with the path of a file that holds a token."""
MOUNTED = Path("/var/run/secrets/kubeflow/pipelines/token")
"""Where a pod has the token of its service account for Kubeflow Pipelines."""
MOUNTED_VARIABLE = "KF_PIPELINES_SA_TOKEN_PATH"
"""Environment variable by which Kubeflow says where else that is."""


class Token(TokenCredentialsBase):  # type: ignore[misc]
    """A token from a file, read again at every request because clusters renew such files; or one given once."""

    def __init__(self, *, file: Path | None = None, text: str = "") -> None:
        """Either `file` or `text`."""
        self.file, self._text = file, text
        self.read()

    def __repr__(self) -> str:
        """Where it comes from; never the token."""
        return f"Token({self.file or 'environment'})"

    def refresh_api_key_hook(self, config: Any) -> None:
        """Put the token where the generated client takes it from."""
        config.api_key["authorization"] = self.read()

    def read(self) -> str:
        """The token; `RlvrError` when there is none that may stand in a header."""
        text = self._text
        if self.file is not None:
            try:
                text = self.file.read_text(encoding="ascii").strip()
            except (OSError, UnicodeDecodeError) as error:
                why = getattr(error, "strerror", None) or "it is not a text file"
                raise RlvrError(f"The token file {self.file} cannot be read: {why}.") from error
        if not text or any(not 32 < ord(letter) < 127 for letter in text):
            where = self.file or f"variable {TOKEN}"
            raise RlvrError(f"The token in {where} is empty or has spaces or line breaks; put the bare token there.")
        return text


def find_token(file: Path | None) -> Token | None:
    """The token that `file`, the environment or the pod provides, in this order; None without one."""
    if file is not None:
        return Token(file=file)
    if text := os.environ.get(TOKEN):
        return Token(text=text.strip())
    for variable in (TOKEN_FILE, MOUNTED_VARIABLE):
        if path := os.environ.get(variable):
            return Token(file=Path(path))
    return Token(file=MOUNTED) if MOUNTED.is_file() else None
