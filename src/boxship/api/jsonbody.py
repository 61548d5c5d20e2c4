"""JSON request bodies, read with the tolerance of Go's decoder and refused in its words."""

import re
from functools import cache
from typing import Any, get_args, get_origin

import msgspec

from boxship.base.errors import InvalidParameter

_MEDIA_TYPE = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z/-]+)\s*(?:;|\Z)")


def content_type_error(header: str | None, empty: bool) -> str | None:
    """Why *header* does not announce JSON, in Docker's words, or None when it does."""
    if empty and not header:
        return None
    match = _MEDIA_TYPE.match(header or "")
    if match is None:
        return f"malformed Content-Type header ({header or ''}): mime: no media type"
    media = match.group(1).lower()
    if media != "application/json":
        return f"unsupported Content-Type header ({media}): must be 'application/json'"
    return None


def decode_json(raw: bytes, model: Any = Any) -> Any:
    """*raw* as *model*; :class:`InvalidParameter` when it is malformed or of another shape."""
    value = _parse(raw) if raw.strip() else None
    if model is Any:
        return value
    if value is None:
        return model()
    try:
        return msgspec.convert(_fold(value, model), model)
    except (msgspec.ValidationError, RecursionError) as error:
        raise InvalidParameter(f"invalid JSON: {error}") from None


def _parse(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except RecursionError:
        raise InvalidParameter("invalid JSON: exceeded max depth") from None
    except msgspec.DecodeError as error:
        text = str(error)
        if "trailing characters" in text:
            raise InvalidParameter("unexpected content after JSON") from None
        if "truncated" in text:
            raise InvalidParameter("invalid JSON: unexpected EOF") from None
        raise InvalidParameter(f"invalid JSON: {text}") from None
    except UnicodeDecodeError:
        raise InvalidParameter("invalid JSON: text is not UTF-8") from None


@cache
def _fields(model: type[msgspec.Struct]) -> dict[str, tuple[str, Any]]:
    """Encoded name and type of each field, by the encoded name in lower case."""
    return {
        info.encode_name.lower(): (info.encode_name, info.type)
        for info in msgspec.structs.fields(model)
    }


def _fold(value: Any, model: Any) -> Any:
    """*value* with the keys that *model* knows spelled its way, and null members dropped."""
    if isinstance(value, dict):
        if isinstance(model, type) and issubclass(model, msgspec.Struct):
            return _fold_struct(value, model)
        item = _argument(model, dict, 1)
        return {key: _fold(member, item) for key, member in value.items()}
    if isinstance(value, list):
        item = _argument(model, list, 0)
        return [_fold(member, item) for member in value]
    return value


def _fold_struct(value: dict[str, Any], model: type[msgspec.Struct]) -> dict[str, Any]:
    known = _fields(model)
    folded: dict[str, Any] = {}
    for key, member in value.items():
        if member is not None and (field := known.get(key.lower())):
            folded[field[0]] = _fold(member, field[1])
    return folded


def _argument(model: Any, container: type, position: int) -> Any:
    """The element type that *model* (perhaps a union) gives to *container*, or Any."""
    for option in (model, *get_args(model)):
        if get_origin(option) is container:
            return get_args(option)[position]
    return Any
