"""Response heads (RFC 9112, section 4)."""

import time
from collections.abc import Iterable
from http import HTTPStatus

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}
# Docker's clients know the hijacking answer by this text.
_LINES[101] = b"HTTP/1.1 101 UPGRADED\r\n"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_date: tuple[int, bytes] = (0, b"")

Headers = Iterable[tuple[str, str]]


def head_bytes(status: int, headers: Headers, *, dated: bool = True) -> bytes:
    """Status line, *headers*, Date when *dated*, and the empty line.

    Line breaks inside a value would split the response; they become spaces.
    """
    parts = [_LINES.get(status) or f"HTTP/1.1 {status} status\r\n".encode()]
    for name, value in headers:
        if "\n" in value or "\r" in value or "\0" in value:
            value = value.replace("\r", " ").replace("\n", " ").replace("\0", " ")
        parts.append(f"{name}: {value}\r\n".encode("utf-8", "replace"))
    parts.append(_date_header() if dated else b"")
    parts.append(b"\r\n")
    return b"".join(parts)


def has_body(status: int) -> bool:
    return status >= 200 and status not in (204, 304)


def _date_header() -> bytes:
    """IMF-fixdate (RFC 9110, section 5.6.7), rendered once a second."""
    global _date
    now = int(time.time())
    if _date[0] != now:
        at = time.gmtime(now)
        text = (
            f"Date: {_DAYS[at.tm_wday]}, {at.tm_mday:02d} {_MONTHS[at.tm_mon - 1]} {at.tm_year} "
            f"{at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d} GMT\r\n"
        )
        _date = (now, text.encode())
    return _date[1]
