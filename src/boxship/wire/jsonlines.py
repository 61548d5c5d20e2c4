"""JSON values one per line, as Docker answers and streams them."""

import re
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder()
_SURROGATE = re.compile("[\ud800-\udfff]")


def json_line(value: Any) -> bytes:
    """*value* as one line. Surrogates (bytes that are no text) become U+FFFD, as in Go."""
    try:
        return _encoder.encode(value) + b"\n"
    except UnicodeEncodeError:
        return _encoder.encode(_printable(msgspec.to_builtins(value))) + b"\n"


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_printable(key): _printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(item) for item in value]
    return value
