"""Just enough of HTTP/1.1 (RFC 9112) for the client side: write a request, read an answer."""

from __future__ import annotations

from boxship.client.connection import CHUNK, Connection
from boxship.client.errors import ConnectionLost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

MAX_HEADERS = 200


class Answer:
    """Status, headers (names in lower case) and the body, still on the connection."""

    __slots__ = ("_body", "_release", "connection", "finished", "headers", "status")

    def __init__(self, connection: Connection, status: int, headers: dict[str, str]) -> None:
        self.connection = connection
        self.status = status
        self.headers = headers
        self.finished = False
        self._body: Iterator[bytes] | None = None
        self._release: Callable[[Connection], None] | None = None

    def when_finished(self, release: Callable[[Connection], None]) -> None:
        """Hand the connection to *release* once the body is read and it can serve again."""
        self._release = release

    def has_no_body(self) -> None:
        """The answer to HEAD: its headers describe a body that does not follow."""
        self.headers["content-length"] = "0"
        self.headers.pop("transfer-encoding", None)

    def chunks(self) -> Iterator[bytes]:
        """The body as it arrives. Closing the answer early drops the connection."""
        if self._body is None:
            self._body = self._read_body()
        return self._body

    def read(self) -> bytes:
        return b"".join(self.chunks())

    def lines(self) -> Iterator[bytes]:
        """The body's lines without their ends, each as soon as it is complete."""
        rest = b""
        for chunk in self.chunks():
            *complete, rest = (rest + chunk).split(b"\n")
            yield from complete
        if rest:
            yield rest

    def close(self) -> None:
        if not self.finished:
            self.finished = True
            self.connection.close()

    def _read_body(self) -> Iterator[bytes]:
        try:
            yield from _body(self.connection, self.status, self.headers)
        except BaseException:
            self.close()
            raise
        self._finish()

    def _finish(self) -> None:
        reusable = self.headers.get("connection", "").lower() != "close" and (
            "content-length" in self.headers or _chunked(self.headers) or self.status in (204, 304)
        )
        if self._release is None or not reusable or self.connection.buffer:
            return self.close()
        self.finished = True
        self._release(self.connection)
        return None


def send_request(
    connection: Connection,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes | Iterable[bytes] | None = None,
) -> None:
    """Write one request; a body that is no bytes object is sent chunk by chunk."""
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if isinstance(body, bytes):
        lines.append(f"Content-Length: {len(body)}")
    elif body is not None:
        lines.append("Transfer-Encoding: chunked")
    elif method in ("POST", "PUT"):
        lines.append("Content-Length: 0")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    if body is None or isinstance(body, bytes):
        connection.send(head + (body or b""))
        return
    connection.send(head)
    for chunk in body:
        if chunk:
            connection.send(b"%x\r\n%b\r\n" % (len(chunk), chunk))
    connection.send(b"0\r\n\r\n")


def read_answer(connection: Connection) -> Answer:
    """The head of the next answer; informational ones (100) are skipped."""
    while True:
        status = _status(connection.take_line())
        headers = _headers(connection)
        if status >= 200 or status == 101:
            return Answer(connection, status, headers)


def _status(line: bytes) -> int:
    version, _, rest = line.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        shown = line[:60].decode("latin-1")
        raise ConnectionLost(f"the daemon's answer is no HTTP: {shown!r}")
    return int(rest[:3])


def _headers(connection: Connection) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(MAX_HEADERS):
        line = connection.take_line()
        if not line:
            return headers
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    raise ConnectionLost("the daemon's answer has too many headers")


def _chunked(headers: Mapping[str, str]) -> bool:
    return "chunked" in headers.get("transfer-encoding", "").lower()


def _body(connection: Connection, status: int, headers: Mapping[str, str]) -> Iterator[bytes]:
    if status in (204, 304):
        return iter(())
    if _chunked(headers):
        return _chunked_body(connection)
    if "content-length" in headers:
        return _sized_body(connection, int(headers["content-length"]))
    return _endless_body(connection)


def _sized_body(connection: Connection, left: int) -> Iterator[bytes]:
    while left:
        data = connection.take(min(left, CHUNK))
        if not data:
            raise ConnectionLost("the daemon closed the connection in the middle of an answer")
        left -= len(data)
        yield data


def _endless_body(connection: Connection) -> Iterator[bytes]:
    while data := connection.take(CHUNK):
        yield data


def _chunked_body(connection: Connection) -> Iterator[bytes]:
    """All complete chunks that one receive brought are yielded as one: log lines are many."""
    while True:
        joined, last = _complete_chunks(connection.buffer)
        if joined:
            yield joined
        if last:
            while connection.take_line():
                pass
            return
        if size := _large_chunk(connection.buffer):
            yield from _sized_body(connection, size)
            connection.take_line()
        elif not joined and not connection.fill():
            raise ConnectionLost("the daemon closed the connection in the middle of an answer")


def _complete_chunks(buffer: bytearray) -> tuple[bytes, bool]:
    """Cut the complete chunks off *buffer*: their data, and whether the last one was among them."""
    parts: list[bytes] = []
    position = 0
    last = False
    while (end := buffer.find(b"\r\n", position)) >= 0:
        size = _chunk_size(buffer[position:end])
        start = end + 2
        if size == 0:
            position, last = start, True
            break
        if len(buffer) < start + size + 2:
            break
        parts.append(bytes(buffer[start : start + size]))
        position = start + size + 2
    del buffer[:position]
    return b"".join(parts), last


def _large_chunk(buffer: bytearray) -> int:
    """Cut the head of an incomplete chunk too large to wait for; its size, or 0 for none."""
    end = buffer.find(b"\r\n")
    size = _chunk_size(buffer[:end]) if end >= 0 else 0
    if size <= CHUNK:
        return 0
    del buffer[: end + 2]
    return size


def _chunk_size(text: bytearray) -> int:
    digits = text.partition(b";")[0].strip()
    if not digits or digits.strip(b"0123456789abcdefABCDEF"):
        shown = bytes(digits[:20]).decode("latin-1")
        raise ConnectionLost(f"the daemon's answer has a bad chunk size {shown!r}")
    return int(digits, 16)
