"""Registering champions in Kubeflow's Model Registry, where one is configured.

`RLVR_MODEL_REGISTRY` is the registry's URL, e.g. `http://model-registry-service.kubeflow.svc:8080`; without it nothing
is done. `RLVR_MODEL_REGISTRY_TOKEN_FILE` names a file with a token. The version is called by the model's digest, so
registering again changes nothing.
"""

import asyncio
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rlvr.errors import RlvrError

URL = "RLVR_MODEL_REGISTRY"
TOKEN_FILE = "RLVR_MODEL_REGISTRY_TOKEN_FILE"


def register(name: str, store: str, model: str, decision: Mapping[str, Any]) -> bool:
    """Register the model of digest `model` as a version of `rlvr-<name>`; whether it was new there."""
    url = os.environ.get(URL, "")
    if not url:
        return False
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise RlvrError(f"{URL} is not a URL of the form https://host:port without a user; correct it.")
    try:
        from model_registry import ModelRegistry
    except ModuleNotFoundError as error:
        raise RlvrError(
            f"{URL} is set, and model-registry is not installed; install rlvr's extra `registry`."
        ) from error
    loop = asyncio.new_event_loop()  # of its own; left to itself, the client patches asyncio for the whole process
    called, version = f"rlvr-{name.replace('_', '-').replace('/', '-')}", model[:12]
    secure = parts.scheme == "https"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # inside a cluster there may be no token, and it says so
            registry = ModelRegistry(
                f"{parts.scheme}://{parts.hostname}",
                parts.port or (443 if secure else 80),
                author="rlvr",
                is_secure=secure,
                user_token=_token(),
                async_runner=lambda work: loop.run_until_complete(work),
            )
        if registry.get_registered_model(called) and registry.get_model_version(called, version):
            return False
        gain = decision.get("difference") or {}
        numbers = {f"gain_{key}_points": float(gain[key]) for key in ("value", "low", "high") if key in gain}
        registry.register_model(
            called,
            f"{store}/artifacts/{model}",
            model_format_name="safetensors",
            model_format_version="1",
            version=version,
            version_description=str(decision["why"])[:250],
            metadata={"sha256": model, "benchmark": str(decision["benchmark"]), **numbers},
        )
    except RlvrError:
        raise
    except Exception as error:  # the client lets errors of aiohttp, of its generated API and of its own through
        raise RlvrError(
            f"The model is the champion, but the registry at {parts.hostname} did not take it "
            f"({type(error).__name__}). Check {URL} and the token; the same run, repeated, registers it."
        ) from error
    finally:
        loop.close()
    return True


def _token() -> str | None:
    path = os.environ.get(TOKEN_FILE)
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RlvrError(f"The token file {path} of {TOKEN_FILE} cannot be read.") from error
