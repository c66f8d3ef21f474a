"""Asking the API of Kubeflow Pipelines: patience with what passes, and plain words for what does not.

A request that creates something may be carried out although its answer is lost. Such a request brings `lost`, which
looks for what it would have made, so that nothing is made twice.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from rlvr.errors import RlvrError

T = TypeVar("T")

PASSING = (429, 500, 502, 503, 504)
"""Answers after which the same request may succeed a little later."""

REMEDIES = {
    302: "It wants a login in the browser: give a token (--token-file, RLVR_KFP_TOKEN), or address the API itself.",
    400: "The request does not suit this installation; is it Kubeflow Pipelines 2.x?",
    401: "Give a valid token: --token-file FILE, RLVR_KFP_TOKEN, or a fresh login for your kubeconfig.",
    403: "Your account may not do this there: check --namespace, and ask for the Role `kubeflow-edit` in it.",
    404: "Check the name, the namespace, and that --host is the API of Kubeflow Pipelines.",
    409: "Something of this name is there already; choose another name, or remove the other.",
    413: "It is too large for the server in between; raise that server's limit on bodies.",
    429: "The server asks for fewer requests; try again later.",
}
"""What to do about an answer, by status."""


class ApiError(RlvrError):
    """A request that the API did not grant."""

    def __init__(self, message: str, status: int) -> None:
        """`status` is HTTP's; 0 when no answer came."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How a request is repeated that failed for a passing reason."""

    first_seconds: float = 1.0
    """Pause after the first failure; it doubles after each further one."""
    longest_seconds: float = 30.0
    """Longest pause."""
    total_seconds: float = 120.0
    """Time after the first attempt at which it ends."""

    def call(self, what: str, request: Callable[[], T], lost: Callable[[], T | None] | None = None) -> T:
        """The answer of `request`; `ApiError` says that `what` failed, why, and the remedy."""
        pause, began = self.first_seconds, time.monotonic()
        while True:
            try:
                return request()
            except Exception as error:
                status, asked = status_of(error)
                if status is None:
                    raise
                if status == 409 and lost and (there := self.call(what, lost)) is not None:
                    return there
                wait = min(asked or pause, self.longest_seconds)
                if status not in (0, *PASSING) or time.monotonic() - began + wait > self.total_seconds:
                    raise explain(what, error) from error
                time.sleep(wait)
                pause = 2 * pause
                if status != 429 and lost and (there := self.call(what, lost)) is not None:
                    return there


def status_of(error: Exception) -> tuple[int | None, float | None]:
    """HTTP status of a failed request (0: no answer, -1: no trust) and the pause asked for, in seconds.

    The status is None for what is not a failed request.
    """
    from kfp_server_api import ApiException
    from urllib3.exceptions import HTTPError, LocationValueError, SSLError

    if isinstance(error, ApiException):
        if not error.status:
            return -1, None
        wished = {str(name).lower(): value for name, value in (error.headers or {}).items()}.get("retry-after", "")
        return error.status, float(wished) if str(wished).isdecimal() else None
    if isinstance(error, SSLError | LocationValueError):
        return -1, None
    return (0, None) if isinstance(error, HTTPError | ConnectionError | TimeoutError) else (None, None)


def explain(what: str, error: Exception) -> ApiError:
    """The error that people read."""
    from kfp_server_api import ApiException

    if isinstance(error, ApiException) and error.status:
        remedy = REMEDIES.get(302 if 300 <= error.status < 400 else error.status)
        if remedy is None:
            later = "The server is at fault: look at the log of ml-pipeline, and run the same command again."
            remedy = later if error.status >= 500 else "Correct the request, or ask whoever runs the installation."
        return ApiError(f"{what}: Kubeflow answers {error.status}{_said(error)}. {remedy}", error.status)
    if status_of(error)[0] == -1:
        return ApiError(
            f"{what}: the server's address or certificate is not accepted. Check --host; for one's own authority "
            f"--ca names its certificate.",
            0,
        )
    reason = "no answer in time" if "Timeout" in type(error).__name__ else "the connection fails or breaks off"
    return ApiError(
        f"{what}: {reason} ({type(error).__name__}). Check that --host is right, that the server runs and that a "
        f"port-forward stands; then run the same command again: nothing is done twice.",
        0,
    )


def _said(error: Any) -> str:
    """The server's own words, on one line and of bounded length; web pages are left out."""
    body = error.body.decode(errors="replace") if isinstance(error.body, bytes) else str(error.body or "")
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    text = told.get("message") or told.get("error") if isinstance(told, dict) else None
    return f" ({' '.join(str(text).split())[:400].rstrip('.')})" if text else ""
