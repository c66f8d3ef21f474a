"""Asking an API over HTTP: patience with what passes, and one error for what does not.

It serves the clients of Kubernetes and of Kubeflow Pipelines, which OpenAPI's generator made both: a refusal is their
`ApiException`, everything else comes from urllib3. A request that creates something may be carried out although its
answer is lost. Such a request brings `lost`, which looks for what it would have made, so that nothing is made twice.
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
NO_ANSWER = 0
"""In the place of a status: the connection failed, or no answer came in time."""
NO_TRUST = -1
"""In the place of a status: the server's address or certificate is not accepted."""


class ApiError(RlvrError):
    """A request that the API did not grant."""

    def __init__(self, message: str, status: int) -> None:
        """`status` is HTTP's; 0 when no answer came."""
        super().__init__(message, may_pass=may_pass(status))
        self.status = status


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How a request is repeated that failed for a passing reason."""

    first_seconds: float = 1.0
    """Pause after the first failure; it doubles after each further one."""
    longest_seconds: float = 30.0
    """Longest pause."""
    total_seconds: float = 120.0
    """Time after the first attempt began at which it ends."""

    def call(
        self,
        what: str,
        request: Callable[[], T],
        explain: Callable[[str, Exception], ApiError],
        lost: Callable[[], T | None] | None = None,
    ) -> T:
        """The answer of `request`; the error that `explain` makes says that `what` failed, why, and the remedy."""
        pause, began = self.first_seconds, time.monotonic()
        while True:
            try:
                return request()
            except Exception as error:
                status, asked = status_of(error)
                if status is None:
                    raise
                if status == 409 and lost and (there := self.call(what, lost, explain)) is not None:
                    return there
                wait = min(asked or pause, self.longest_seconds)
                if not may_pass(status) or time.monotonic() - began + wait > self.total_seconds:
                    raise explain(what, error) from error
                time.sleep(wait)
                pause = 2 * pause
                if status != 429 and lost and (there := self.call(what, lost, explain)) is not None:
                    return there


def may_pass(status: int | None) -> bool:
    """Whether the same request may succeed a little later."""
    return status in (NO_ANSWER, *PASSING)


def status_of(error: Exception) -> tuple[int | None, float | None]:
    """HTTP status of a failed request, or `NO_ANSWER` or `NO_TRUST`, and the pause asked for in seconds.

    The status is None for what is not a failed request.
    """
    from urllib3.exceptions import HTTPError, LocationValueError, MaxRetryError, SSLError

    if is_refusal(error):
        status = int(getattr(error, "status", 0) or NO_TRUST)  # the clients hide errors of certificates so
        given = getattr(error, "headers", None) or {}
        wished = {str(name).lower(): str(value) for name, value in given.items()}.get("retry-after", "")
        return status, float(wished) if wished.isdecimal() else None
    reason = error.reason if isinstance(error, MaxRetryError) else error
    if isinstance(reason, SSLError | LocationValueError):
        return NO_TRUST, None
    return (NO_ANSWER, None) if isinstance(error, HTTPError | ConnectionError | TimeoutError) else (None, None)


def is_refusal(error: Exception) -> bool:
    """Whether an error is a generated client's own."""
    return any(kind.__name__ == "ApiException" for kind in type(error).__mro__)


def told(error: Any) -> str:
    """A refusal in the server's own words, on one line and of bounded length; web pages are left out."""
    body = getattr(error, "body", None)
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body or "")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    message = said.get("message") or said.get("error") if isinstance(said, dict) else None
    return " ".join(str(message or "").split())[:500].rstrip(".")
