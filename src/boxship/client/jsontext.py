"""JSON text to objects and back, by the standard library's C functions alone.

The package :mod:`json` imports re, enum and functools: a quarter of a short command's time.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class _Settings:
    """What the C scanner asks of its decoder; the defaults of :func:`json.loads`."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int

    @staticmethod
    def parse_constant(name: str) -> float:
        raise ValueError(f"{name} is no JSON")


def _scanner() -> Callable[[str, int], tuple[Any, int]] | None:
    """None for interpreters that do not have it in this form."""
    try:
        from _json import make_scanner

        return make_scanner(_Settings)  # type: ignore[arg-type]
    except (ImportError, AttributeError, TypeError):
        return None


def _encoder() -> Callable[[Any, int], tuple[str, ...]] | None:
    try:
        from _json import encode_basestring_ascii, make_encoder

        return make_encoder(
            None, _refuse, encode_basestring_ascii, None, ":", ",", False, False, False
        )
    except (ImportError, TypeError):
        return None


def _refuse(value: object) -> str:
    raise TypeError(f"{type(value).__name__} is no JSON")


_scan = _scanner()
_encode = _encoder()


def loads(data: bytes | str) -> Any:
    """The document in *data*; ValueError when it is malformed or followed by something."""
    text = (data if isinstance(data, str) else data.decode()).strip(" \t\r\n")
    if _scan is None:
        import json

        return json.loads(text)
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        raise ValueError("no JSON document") from None
    if end != len(text):
        raise ValueError("something follows the JSON document")
    return value


def dumps(value: object) -> str:
    """*value* as one line of ASCII without spaces."""
    if _encode is None:
        import json

        return json.dumps(value, separators=(",", ":"))
    if isinstance(value, (dict, list)):
        return "".join(_encode(value, 0))
    return "".join(_encode([value], 0))[1:-1]
