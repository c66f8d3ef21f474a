"""A real HTTP server that speaks as much of the chat completions protocol as a judge needs."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, Any]
"""Status and JSON body; a body of bytes is sent as it is, a number in its place is
for how many seconds single spaces drip down the line."""


def says(text: str | None, *, model: str = "served-model-1", **message: Any) -> Reply:
    """A completion with that text."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text, **message}}
    return 200, {"id": "c", "object": "chat.completion", "created": 0, "model": model, "choices": [choice]}


@dataclass
class ChatServer:
    """What a running server was asked, and how many requests it had at once."""

    url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    most_at_once: int = 0


@contextmanager
def serve(reply: Callable[[dict[str, Any], int], Reply], headers: dict[str, str] | None = None) -> Iterator[ChatServer]:
    """A server on a free port; `reply(request, number)` answers request 0, 1, ..."""
    lock = threading.Lock()
    open_now = 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            nonlocal open_now
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                number = len(server.requests)
                server.requests.append(request)
                server.headers.append({name.lower(): value for name, value in self.headers.items()})
                open_now += 1
                server.most_at_once = max(server.most_at_once, open_now)
            status, body = reply(request, number) if self.path == "/v1/chat/completions" else (404, {})
            with lock:
                open_now -= 1
            drops = [b" "] * int(body / 0.05) if isinstance(body, float) else []
            payload = b"".join(drops) or (body if isinstance(body, bytes) else json.dumps(body).encode())
            try:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                for drop in drops or [payload]:
                    self.wfile.write(drop)
                    time.sleep(0.05 if drops else 0)
            except OSError:  # the asker did not wait
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server = ChatServer(f"http://127.0.0.1:{listening.server_port}/v1")
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
