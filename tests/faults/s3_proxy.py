"""A proxy before an S3 server that does to chosen requests what networks and servers do on bad days.

It answers over real sockets. Like S3, and unlike moto, it refuses a body that does not have the SHA-256 that its signed
header promises, so bytes that are altered on the way to the server are noticed there; of two conditional writes of the
same object one comes after the other; and a part of an upload that is over is refused by name.
"""

import hashlib
import http.client
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

SILENCE_SECONDS = 1.5
"""How long a silent server is silent; clients of the tests wait for less."""


class HangUp(Exception):
    """The connection is to be broken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the server behind answered."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Exchange:
    """One request and how it is dealt with; faults do so in their own way."""

    def __init__(self, handler: "Handler") -> None:
        self.handler, self.proxy = handler, handler.server
        self.length = int(handler.headers.get("Content-Length") or 0)

    def body(self, length: int | None = None) -> bytes:
        return self.handler.rfile.read(self.length if length is None else length)

    def ask(self, body: bytes) -> Answer:
        """The server's answer to the request with this body."""
        promised = self.handler.headers.get("x-amz-content-sha256", "")
        if re.fullmatch(r"[0-9a-f]{64}", promised) and hashlib.sha256(body).hexdigest() != promised:
            return refusal(400, "XAmzContentSHA256Mismatch")
        if self.handler.headers.get("If-Match") or self.handler.headers.get("If-None-Match"):
            with self.proxy.one_by_one:
                return self._ask(body)
        return self._ask(body)

    def _ask(self, body: bytes) -> Answer:
        behind = http.client.HTTPConnection(*self.proxy.behind)
        headers = {name: value for name, value in self.handler.headers.items() if name.lower() != "connection"}
        try:
            behind.request(self.handler.command, self.handler.path, body, headers)
            answer = behind.getresponse()
            if answer.status == 500 and "uploadId=" in self.handler.path:
                return refusal(404, "NoSuchUpload")
            return Answer(status=answer.status, headers=tuple(answer.getheaders()), body=answer.read())
        finally:
            behind.close()

    def give(self, answer: Answer, body: bytes | None = None) -> None:
        """Send an answer; `body`: only so much of it, or something else, under its headers."""
        self.handler.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                self.handler.send_header(name, value)
        if self.handler.command == "HEAD":
            told = dict((name.lower(), value) for name, value in answer.headers).get("content-length", "0")
        else:
            told = str(len(answer.body))
        self.handler.send_header("Content-Length", told)
        self.handler.end_headers()
        self.handler.wfile.write(answer.body if body is None else body)
        self.handler.wfile.flush()

    def hang_up(self, *, rudely: bool = True) -> None:
        """Break the connection, with a TCP reset or by closing it."""
        if rudely:
            linger = struct.pack("ii", 1, 0)
            self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        raise HangUp


Fault = Callable[[Exchange], None]


class Handler(BaseHTTPRequestHandler):
    """Passes requests on, or to a fault."""

    protocol_version = "HTTP/1.1"
    server: "Proxy"  # type: ignore[assignment]

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (HangUp, ConnectionError, TimeoutError):
            self.close_connection = True

    def _pass(self) -> None:
        exchange = Exchange(self)
        fault = self.server.due(self.command, self.path)
        if fault is not None:
            fault(exchange)
        else:
            exchange.give(exchange.ask(exchange.body()))

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass

    def log_message(self, *_: Any) -> None:
        pass


class Proxy(ThreadingHTTPServer):
    """A proxy before the server at the address `behind`, e.g. "http://127.0.0.1:5000"."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        address = urlsplit(behind)
        self.behind = (str(address.hostname), int(address.port or 80))
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.late: list[threading.Thread] = []
        self.one_by_one = threading.Lock()
        self._lock = threading.Lock()
        self.calm()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def calm(self) -> None:
        """From now on pass everything on, and count from 0 again."""
        with self._lock:
            self.requests: list[str] = []
            self._fault: Fault | None = None
            self._first, self._last = 0, -1

    def upset(self, fault: Fault, first: int, last: int | None = None) -> None:
        """Do `fault` to the requests numbered `first` (from 0) to `last`, from now on; None: and to all after it."""
        self.calm()
        with self._lock:
            self._fault, self._first, self._last = fault, first, 1 << 30 if last is None else last

    def due(self, method: str, path: str) -> Fault | None:
        """The fault that the next request meets, if any."""
        with self._lock:
            number = len(self.requests)
            self.requests.append(f"{method} {path}")
            return self._fault if self._first <= number <= self._last else None

    def handle_error(self, *_: Any) -> None:
        pass

    def settle(self) -> None:
        """Wait until the late requests have arrived."""
        while self.late:
            self.late.pop().join()

    def stop(self) -> None:
        self.settle()
        self.shutdown()
        self.server_close()


def refusal(status: int, code: str) -> Answer:
    """An error of S3's."""
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{code}</Message></Error>'
    return Answer(status=status, headers=(("Content-Type", "application/xml"),), body=text.encode())


def refused(status: int, code: str) -> Fault:
    """The server refuses with an error of S3's."""

    def fault(exchange: Exchange) -> None:
        exchange.body()
        exchange.give(refusal(status, code))

    return fault


def flipped(data: bytes) -> bytes:
    """The bytes with one of them changed."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0x20]) + data[middle + 1 :] if data else data


def reset_before(exchange: Exchange) -> None:
    exchange.hang_up()


def reset_in_request(exchange: Exchange) -> None:
    exchange.body(exchange.length // 2)
    exchange.hang_up()


def reset_before_answer(exchange: Exchange) -> None:
    """The request is carried out, and nobody hears of it."""
    exchange.ask(exchange.body())
    exchange.hang_up()


def closed_before_answer(exchange: Exchange) -> None:
    exchange.ask(exchange.body())
    exchange.hang_up(rudely=False)


def reset_in_answer(exchange: Exchange) -> None:
    answer = exchange.ask(exchange.body())
    exchange.give(answer, answer.body[: len(answer.body) // 2])
    exchange.hang_up()


def truncated(exchange: Exchange) -> None:
    """The connection ends in the middle of the answer, politely."""
    answer = exchange.ask(exchange.body())
    exchange.give(answer, answer.body[: len(answer.body) // 2])
    exchange.hang_up(rudely=False)


def shortened(exchange: Exchange) -> None:
    """Half of the answer, under a length that fits."""
    answer = exchange.ask(exchange.body())
    half = answer.body[: len(answer.body) // 2]
    exchange.give(Answer(status=answer.status, headers=answer.headers, body=half))


def emptied(exchange: Exchange) -> None:
    """Success, and nothing else."""
    answer = exchange.ask(exchange.body())
    exchange.give(Answer(status=answer.status, headers=answer.headers, body=b""))


def altered_answer(exchange: Exchange) -> None:
    """One byte of an object is changed on its way; that of an error or a listing, so that it is no XML any more."""
    answer = exchange.ask(exchange.body())
    is_xml = answer.body[:5] == b"<?xml"
    exchange.give(answer, answer.body.replace(b"<", b"\x1b", 2) if is_xml else flipped(answer.body))


def altered_request(exchange: Exchange) -> None:
    exchange.give(exchange.ask(flipped(exchange.body())))


def silent(exchange: Exchange) -> None:
    """The request is carried out, and the answer comes too late."""
    answer = exchange.ask(exchange.body())
    time.sleep(SILENCE_SECONDS)
    exchange.give(answer)


def silent_in_answer(exchange: Exchange) -> None:
    answer = exchange.ask(exchange.body())
    exchange.give(answer, answer.body[: len(answer.body) // 2])
    time.sleep(SILENCE_SECONDS)
    exchange.hang_up(rudely=False)


def doubled(exchange: Exchange) -> None:
    """The request arrives twice, and the second answer is the one that is heard."""
    body = exchange.body()
    exchange.ask(body)
    exchange.give(exchange.ask(body))


def late(exchange: Exchange) -> None:
    """The connection breaks, and the request arrives when the client has long tried again."""
    body = exchange.body()

    def arrive() -> None:
        time.sleep(SILENCE_SECONDS)
        exchange.ask(body)

    thread = threading.Thread(target=arrive)
    exchange.proxy.late.append(thread)
    thread.start()
    exchange.hang_up()


class Hold:
    """A fault: the server takes the request and says nothing until it is let go."""

    def __init__(self) -> None:
        self.reached, self.released = threading.Event(), threading.Event()

    def __call__(self, exchange: Exchange) -> None:
        self.reached.set()
        self.released.wait()
        exchange.hang_up()


FAULTS: dict[str, Fault] = {
    "connection reset before the request": reset_before,
    "connection reset in the request": reset_in_request,
    "connection reset, answer lost": reset_before_answer,
    "connection closed, answer lost": closed_before_answer,
    "connection reset in the answer": reset_in_answer,
    "answer cut off": truncated,
    "answer shortened": shortened,
    "answer without its body": emptied,
    "byte altered in the answer": altered_answer,
    "byte altered in the request": altered_request,
    "HTTP 500": refused(500, "InternalError"),
    "HTTP 503": refused(503, "ServiceUnavailable"),
    "SlowDown": refused(503, "SlowDown"),
    "HTTP 429": refused(429, "TooManyRequests"),
    "answer after the time-out": silent,
    "silence in the answer": silent_in_answer,
    "request arrives twice": doubled,
    "request arrives late": late,
}
