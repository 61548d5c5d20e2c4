"""Request targets: percent-encoding and query strings as the Engine API expects them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Value = str | int | bool | Iterable[str] | None

_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def quote(text: str, safe: bytes = b"") -> str:
    """*text* with everything but unreserved characters (RFC 3986) percent-encoded."""
    data = text.encode("utf-8", "surrogateescape")
    return "".join(chr(b) if b in _PLAIN or b in safe else f"%{b:02X}" for b in data)


def quote_name(name: str) -> str:
    """A container's or image's name as part of a path; slashes of repositories stay."""
    return quote(name, b"/:@")


def encode_query(values: Mapping[str, Value]) -> str:
    """*values* as ``?a=1&b=x``, or nothing. None and False are left out; lists repeat the name."""
    pairs = [
        f"{name}={quote(text, b'/:')}" for name, value in values.items() for text in _texts(value)
    ]
    return "?" + "&".join(pairs) if pairs else ""


def _texts(value: Value) -> list[str]:
    if value is None or value is False:
        return []
    if value is True:
        return ["1"]
    if isinstance(value, (str, int)):
        return [str(value)]
    return list(value)
