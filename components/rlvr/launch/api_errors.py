"""What the Kubernetes API or its absence says, in words that people can act on; and patience with what passes."""

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
    400: "The request does not suit this cluster; is Kubeflow Trainer there in a version from 2.3 on?",
    401: "The credentials are not accepted: check the pod's service account, or log in again for KUBECONFIG.",
    403: "The service account may not do this: bind the Role `rlvr-launcher` of manifests/base to it.",
    404: "Is Kubeflow Trainer installed, and are manifests/base applied in this namespace?",
    422: "The cluster refuses the values: correct what it names in the profile's [scale.job].",
}
"""What to do about an answer, by status."""


class ApiError(RlvrError):
    """A request that the API refused for good."""

    def __init__(self, message: str, status: int) -> None:
        """`status` is HTTP's; 0 when no answer came."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long an API that does not answer is waited for: an upgrade of it must not end a training of days."""

    first_seconds: float = 1.0
    """Pause after the first failure; it doubles after each further one."""
    longest_seconds: float = 30.0
    """Longest pause."""
    total_seconds: float = 900.0
    """Time after the first failure at which the wait ends."""

    def call(self, what: str, request: Callable[[], T]) -> T:
        """The answer of `request`, repeated while it fails for a passing reason; `ApiError` says that `what` failed."""
        pause, began = self.first_seconds, time.monotonic()
        while True:
            try:
                return request()
            except Exception as error:
                status, asked = passing(error)
                if status is None:
                    raise
                if time.monotonic() - began + pause > self.total_seconds:
                    raise explain(what, error) from error
                time.sleep(min(asked or pause, self.longest_seconds))
                pause = min(2 * pause, self.longest_seconds)


def passing(error: Exception) -> tuple[int | None, float | None]:
    """Status (0 without an answer) and wished pause in seconds of a failure that may pass; (None, None) of others."""
    from kubernetes.client import ApiException
    from urllib3.exceptions import HTTPError, MaxRetryError, SSLError

    if isinstance(error, ApiException):
        if error.status not in PASSING:
            return None, None
        wished = (error.headers or {}).get("Retry-After", "")
        return error.status, float(wished) if wished.isdecimal() else None
    if isinstance(error, SSLError) or (isinstance(error, MaxRetryError) and isinstance(error.reason, SSLError)):
        return None, None
    return (0, None) if isinstance(error, HTTPError | ConnectionError | TimeoutError) else (None, None)


def explain(what: str, error: Exception) -> ApiError:
    """The error that people read: `what` could not be done, why, and the remedy."""
    from kubernetes.client import ApiException

    if isinstance(error, ApiException) and error.status:
        said = _message(error.body) or str(error.reason)
        remedy = REMEDIES.get(error.status, "Try again later, or ask whoever runs the cluster.")
        if error.status == 403 and "quota" in said:
            remedy = "Free some of it, or ask for less in the profile's [scale.job]."
        return ApiError(f"{what}: the cluster answers {error.status} ({said.rstrip('.')}). {remedy}", error.status)
    reason = str(error.reason).splitlines()[0] if isinstance(error, ApiException) else type(error).__name__
    return ApiError(
        f"{what}: the cluster's API cannot be reached ({reason}). Check the network policy that lets the pod reach the "
        f"API server, or the server that KUBECONFIG names and its certificate.",
        0,
    )


def _message(body: Any) -> str:
    """The message of a Kubernetes `Status`, on one line and of bounded length."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body or "")
    try:
        text = str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        pass
    return " ".join(text.split())[:500]
