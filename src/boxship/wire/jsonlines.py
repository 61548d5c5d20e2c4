"""JSON values one per line, as Docker streams progress and events."""

from typing import Any

import msgspec

_encoder = msgspec.json.Encoder()


def json_line(value: Any) -> bytes:
    return _encoder.encode(value) + b"\n"
