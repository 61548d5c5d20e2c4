"""Response heads (RFC 9112, section 4)."""

import time
from collections.abc import Iterable
from http import HTTPStatus

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
# Go's phrases, where those of Python's versions differ.
_PHRASES = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Request Entity Too Large",
    414: "Request URI Too Long",
    416: "Requested Range Not Satisfiable",
    418: "I'm a teapot",
    422: "Unprocessable Entity",
}
_LINES = {status: f"HTTP/1.1 {status} {phrase}\r\n" for status, phrase in _PHRASES.items()}
# Docker's clients know the hijacking answer by this text.
_LINES[101] = "HTTP/1.1 101 UPGRADED\r\n"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_date: tuple[int, str] = (0, "")
_BREAKS = str.maketrans("\r\n\0", "   ")

Headers = Iterable[tuple[str, str]]


def head_bytes(status: int, headers: Headers, *, dated: bool = True) -> bytes:
    """Status line, *headers*, Date when *dated*, and the empty line.

    Line breaks inside a value would split the response; they become spaces.
    """
    line = _LINES.get(status) or f"HTTP/1.1 {status} status\r\n"
    lines = [f"{name}: {value}" for name, value in headers]
    text = "\n".join(lines)
    if text.count("\n") >= max(1, len(lines)) or "\r" in text or "\0" in text:
        lines = [each.translate(_BREAKS) for each in lines]
    if dated:
        lines.append(_date_header())
    lines += ("", "")
    return (line + "\r\n".join(lines)).encode("utf-8", "replace")


def has_body(status: int) -> bool:
    return status >= 200 and status not in (204, 304)


def _date_header() -> str:
    """IMF-fixdate (RFC 9110, section 5.6.7), rendered once a second."""
    global _date
    now = int(time.time())
    if _date[0] != now:
        at = time.gmtime(now)
        text = (
            f"Date: {_DAYS[at.tm_wday]}, {at.tm_mday:02d} {_MONTHS[at.tm_mon - 1]} {at.tm_year} "
            f"{at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d} GMT"
        )
        _date = (now, text)
    return _date[1]
