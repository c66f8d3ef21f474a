"""A small S3 server that is quick, so that clients can be compared rather than the server.

Objects are files in a folder (on a memory disk), their bytes go to and from the socket without being looked at: it
checks no signature and no digest. It knows what `rlvr` and `aws s3 cp` ask for, and no more.

python tests/speed/s3_server.py FOLDER      prints its address and serves until it is stopped
"""

import os
import re
import socketserver
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BLOCK_BYTES = 1 << 20
REASONS = {200: "OK", 204: "No Content", 206: "Partial Content", 404: "Not Found", 412: "Precondition Failed"}
DATE = "2026-01-01T00:00:00.000Z"


@dataclass(kw_only=True, slots=True)
class Object:
    """An object: the files that hold it, in order."""

    etag: str
    files: list[tuple[str, int]]
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(size for _, size in self.files)


class Connection(socketserver.StreamRequestHandler):
    """One client's requests, one after the other."""

    rbufsize = 1 << 16
    disable_nagle_algorithm = True
    server: "Server"

    def handle(self) -> None:
        while line := self.rfile.readline():
            method, target, _ = line.decode().split(" ", 2)
            headers = {}
            while (header := self.rfile.readline()) not in (b"\r\n", b""):
                name, _, value = header.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            if headers.get("expect") == "100-continue":
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            parts = urlsplit(target)
            query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
            getattr(self, f"_{method.lower()}")(key, query, headers)

    def _put(self, key: str, query: dict[str, str], headers: dict[str, str]) -> None:
        received = self._receive(int(headers.get("content-length", 0)))
        there, etag = self.server.objects.get(key), f'"{received[0]}"'
        known = there.etag if there is not None else None
        if "uploadId" in query:
            self.server.uploads[query["uploadId"]][1][int(query["partNumber"])] = Object(etag=etag, files=[received[1]])
        elif (headers.get("if-none-match") == "*" and there) or headers.get("if-match", known) != known:
            return self._refuse(412, "PreconditionFailed")
        elif key:
            notes = {name: value for name, value in headers.items() if name.startswith("x-amz-meta-")}
            self.server.objects[key] = Object(etag=etag, files=[received[1]], notes=notes)
        self._answer(200, {"ETag": etag})

    def _post(self, key: str, query: dict[str, str], headers: dict[str, str]) -> None:
        body = self.rfile.read(int(headers.get("content-length", 0))).decode()
        if "uploads" in query:
            upload = f"upload{next(self.server.numbers)}"
            self.server.uploads[upload] = (key, {})
            return self._xml("InitiateMultipartUploadResult", f"<Key>{escape(key)}</Key><UploadId>{upload}</UploadId>")
        _, parts = self.server.uploads.pop(query["uploadId"])
        files = [parts[int(number)].files[0] for number in re.findall(r"<PartNumber>(\d+)<", body)]
        etag = f'"{query["uploadId"]}-{len(files)}"'
        self.server.objects[key] = Object(etag=etag, files=files)
        self._xml("CompleteMultipartUploadResult", f"<Key>{escape(key)}</Key><ETag>{escape(etag)}</ETag>")

    def _get(self, key: str, query: dict[str, str], headers: dict[str, str]) -> None:
        if not key and "uploads" in query:
            return self._xml("ListMultipartUploadsResult", "<Bucket>speed</Bucket><IsTruncated>false</IsTruncated>")
        if not key:
            return self._list(query)
        if (there := self.server.objects.get(key)) is None:
            return self._refuse(404, "NoSuchKey")
        start, stop, status = 0, there.size, 200
        if asked := re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", "")):
            start, stop, status = int(asked[1]), min(int(asked[2] or there.size - 1) + 1, there.size), 206
        told = {"ETag": there.etag, "Content-Length": str(stop - start), **there.notes}
        told |= {"Content-Range": f"bytes {start}-{stop - 1}/{there.size}"} if status == 206 else {}
        self._answer(status, {**told, "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"})
        for file, offset, length in self._pieces(there, start, stop):
            with open(file, "rb") as source:
                while length:
                    sent = os.sendfile(self.connection.fileno(), source.fileno(), offset, length)
                    offset, length = offset + sent, length - sent

    def _head(self, key: str, query: dict[str, str], headers: dict[str, str]) -> None:
        if (there := self.server.objects.get(key)) is None:
            return self._answer(404, {})
        told = {"ETag": there.etag, "Content-Length": str(there.size)}
        self._answer(200, {**told, "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"})

    def _delete(self, key: str, query: dict[str, str], headers: dict[str, str]) -> None:
        if (there := self.server.objects.pop(key, None)) is not None:
            for file, _ in there.files:
                os.unlink(file)
        self._answer(204, {})

    def _list(self, query: dict[str, str]) -> None:
        start, after = query.get("prefix", ""), query.get("continuation-token", "")
        found = sorted(key for key in list(self.server.objects) if key.startswith(start) and key > after)
        page = found[: int(query.get("max-keys", 1000))]
        rest = len(found) > len(page)
        text = f"<Name>speed</Name><IsTruncated>{str(rest).lower()}</IsTruncated><KeyCount>{len(page)}</KeyCount>"
        text += f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if rest else ""
        for key in page:
            there = self.server.objects[key]
            text += (
                f"<Contents><Key>{escape(key)}</Key><LastModified>{DATE}</LastModified>"
                f"<ETag>{escape(there.etag)}</ETag><Size>{there.size}</Size></Contents>"
            )
        self._xml("ListBucketResult", text)

    def _pieces(self, there: Object, start: int, stop: int) -> Iterator[tuple[str, int, int]]:
        begin = 0
        for file, size in there.files:
            first, last = max(start, begin), min(stop, begin + size)
            if first < last:
                yield file, first - begin, last - first
            begin += size

    def _receive(self, length: int) -> tuple[str, tuple[str, int]]:
        name = f"{next(self.server.numbers):032x}"
        path, left, block = self.server.folder / name, length, memoryview(bytearray(BLOCK_BYTES))
        with path.open("wb", buffering=0) as file:
            while left:
                got = self.rfile.readinto(block[: min(left, BLOCK_BYTES)])  # type: ignore[attr-defined]
                if not got:
                    raise ConnectionError("the client went away")
                file.write(block[:got])
                left -= got
        return name, (str(path), length)

    def _xml(self, name: str, text: str) -> None:
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}>{text}</{name}>'.encode()
        self._answer(200, {"Content-Type": "application/xml", "Content-Length": str(len(body))})
        self.wfile.write(body)

    def _refuse(self, status: int, code: str) -> None:
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code></Error>'.encode()
        self._answer(status, {"Content-Type": "application/xml", "Content-Length": str(len(body))})
        self.wfile.write(body)

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} {REASONS[status]}"]
        lines += [f"{name}: {value}" for name, value in {"Content-Length": "0", **headers}.items()]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode())


class Server(socketserver.ThreadingTCPServer):
    """Buckets are not told apart: there is one."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.folder, self.numbers = folder, count(1)
        self.objects: dict[str, Object] = {}
        self.uploads: dict[str, tuple[str, dict[int, Object]]] = {}

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def main() -> None:
    """Serve."""
    with Server(Path(sys.argv[1])) as server:
        print("http://{}:{}".format(*server.server_address), flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
