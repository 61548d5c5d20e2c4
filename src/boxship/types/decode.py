"""Request bodies to models, by the rules of Go's ``encoding/json`` that Docker's clients rely on.

Bodies in exact spelling, nearly all, take msgspec's fast path. Whatever it refuses is read again
slowly: keys fold case, unknown keys are dropped, ``null`` means the field's default, a string may
stand for a one-element command. Only what Go refuses too becomes an error.
"""

import json
from typing import Any, NoReturn, TypeVar

import msgspec

from boxship.base.errors import InvalidParameter
from boxship.types.coerce import coerce

T = TypeVar("T")
_DECODERS: "dict[type[Any], msgspec.json.Decoder[Any]]" = {}


def decode(model: type[T], raw: bytes) -> T:
    """*raw* as *model*; a body of ``null`` is the model's default.

    :class:`InvalidParameter` in dockerd's words for empty, malformed and wrongly typed bodies.
    """
    try:
        return _decoder(model).decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _slowly(model, raw)


def mentions(model: type[Any], raw: bytes) -> bool:
    """Whether *raw*, which decodes, has a field of *model*: Go makes no struct without one."""
    value = _parse(raw)
    names = {field.encode_name.casefold() for field in msgspec.structs.fields(model)}
    return isinstance(value, dict) and any(key.casefold() in names for key in value)


def _decoder(model: type[T]) -> "msgspec.json.Decoder[T]":
    decoder = _DECODERS.get(model)
    if decoder is None:
        decoder = _DECODERS[model] = msgspec.json.Decoder(model)
    return decoder


def _slowly(model: type[T], raw: bytes) -> T:
    value = coerce(_parse(raw), model)
    try:
        return msgspec.convert(value, model)
    except msgspec.ValidationError as error:
        raise InvalidParameter(f"invalid JSON: {error}") from None


def _parse(raw: bytes) -> Any:
    text = raw.decode("utf-8", "replace")
    if not text.strip(" \t\r\n"):
        raise InvalidParameter("invalid JSON: got EOF while reading request body")
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise InvalidParameter("invalid JSON: exceeded max depth") from None
    except json.JSONDecodeError as error:
        raise InvalidParameter(_syntax_error(error, text)) from None
    except ValueError as error:  # integers beyond Python's digit limit
        raise InvalidParameter(f"invalid JSON: {error}") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"invalid character {name[0]!r} looking for beginning of value")


def _syntax_error(error: json.JSONDecodeError, text: str) -> str:
    if error.msg == "Extra data":
        return "unexpected content after JSON"
    rest = text[error.pos :].lstrip(" \t\r\n")
    if not rest or error.msg.startswith("Unterminated string"):
        return "invalid JSON: unexpected EOF"
    return f"invalid JSON: invalid character {rest[0]!r} at offset {error.pos}: {error.msg}"
