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
from boxship.types.json_syntax import syntax_error

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
    value, _ = _parse(raw)
    names = {field.encode_name.casefold() for field in msgspec.structs.fields(model)}
    return isinstance(value, dict) and any(key.casefold() in names for key in value)


def _decoder(model: type[T]) -> "msgspec.json.Decoder[T]":
    decoder = _DECODERS.get(model)
    if decoder is None:
        decoder = _DECODERS[model] = msgspec.json.Decoder(model)
    return decoder


def _slowly(model: type[T], raw: bytes) -> T:
    value, rest = _parse(raw)
    value = coerce(value, model)
    try:
        decoded = msgspec.convert(value, model)
    except msgspec.ValidationError as error:
        raise InvalidParameter(f"invalid JSON: {error}") from None
    # Go's Decoder.More() takes a closing bracket for the end of something that it is inside.
    if rest and rest[0] not in "]}":
        raise InvalidParameter("unexpected content after JSON")
    return decoded


def _parse(raw: bytes) -> tuple[Any, str]:
    """Return the first value in *raw*, and what follows it but for the space between."""
    text = raw.decode("utf-8", "replace").lstrip(_SPACE)
    if not text:
        raise InvalidParameter("invalid JSON: got EOF while reading request body")
    try:
        value, end = _PARSER.raw_decode(text)
    except (RecursionError, ValueError) as error:
        # Python has limits where Go has none: of depth and of an integer's digits.
        limit = "exceeded max depth" if isinstance(error, RecursionError) else "number too large"
        raise InvalidParameter(f"invalid JSON: {syntax_error(raw) or limit}") from None
    return value, text[end:].lstrip(_SPACE)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_SPACE = " \t\r\n"
_PARSER = json.JSONDecoder(parse_constant=_no_constant)
