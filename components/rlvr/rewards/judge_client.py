"""The connection to a judge's endpoint, which may be anybody's: where it leads and how much it may say is bounded.

Redirects are not followed: an endpoint could send the asker to addresses that only the asker reaches, such as those of
a cloud's metadata. A reply is read up to `MAX_REPLY_BYTES`, and compressed ones, which may unpack to anything, not at
all.
"""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

from rlvr.errors import RlvrError

MAX_REPLY_BYTES = 4 * 2**20
"""Longest reply that is read; answers have some thousand tokens."""


class UnwelcomeReplyError(Exception):
    """A reply that is not read, and the same question would have again."""


def checked_url(url: str, variable: str) -> str:
    """`url` itself; `RlvrError`, which does not repeat it, unless it is an HTTP address without a password."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        fine = False
    if not fine:
        raise RlvrError(
            f"{variable} is not an address of the form http://host:port/v1 or https://host/v1 without a user or "
            f"password; correct it."
        )
    return url


def connect(url: str, key: str, timeout_seconds: float) -> Any:
    """The client, which makes no attempts of its own and follows no redirect; use it as an asynchronous context."""
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient

    carrier = DefaultAsyncHttpxClient(
        follow_redirects=False,
        headers={"Accept-Encoding": "identity"},
        event_hooks={"response": [_bound]},
        timeout=timeout_seconds,
    )
    return AsyncOpenAI(base_url=url, api_key=key, max_retries=0, timeout=timeout_seconds, http_client=carrier)


async def _bound(response: Any) -> None:
    """Called when a reply's headers are there: refuse what is compressed, and count what is read of the rest."""
    if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise UnwelcomeReplyError("a compressed reply")
    response.stream = _counted(response.stream)


def _counted(stream: Any) -> Any:
    from httpx2 import AsyncByteStream

    class Counted(AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            read = 0
            async for part in stream:
                read += len(part)
                if read > MAX_REPLY_BYTES:
                    raise UnwelcomeReplyError(f"a reply of more than {MAX_REPLY_BYTES:,} bytes")
                yield part

        async def aclose(self) -> None:
            await stream.aclose()

    return Counted()
