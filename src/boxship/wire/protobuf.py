"""Messages in Protocol Buffers' wire format, declared as dataclasses.

A class lists its fields with their numbers (``name: str = string(3)``); fields of numbers that it
does not list are skipped. Only the wire types that occur in the protocols spoken here are known:
varints and length-delimited values.
"""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeVar

M = TypeVar("M", bound="Message")

_VARINT, _FIXED64, _DELIMITED, _FIXED32 = 0, 1, 2, 5
_MASK = (1 << 64) - 1
_SIGN = 1 << 63


# Fields of one message with all that are in it: what a peer sends in a moment must not take much
# longer to read.
_MOST_FIELDS = 100_000


class DecodeError(ValueError):
    """The bytes are no message, or more than one should be."""


class _Budget:
    """How many fields a message may have yet."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = _MOST_FIELDS

    def spend(self, count: int = 1) -> None:
        self.left -= count
        if self.left < 0:
            raise DecodeError("a message has too many fields")


@dataclasses.dataclass(frozen=True, slots=True)
class _Kind:
    """How a field's value is written; *key* and *value* are kinds of a map's sides."""

    name: str
    message: "Callable[[], type[Message]] | None" = None
    repeated: bool = False
    key: "_Kind | None" = None
    value: "_Kind | None" = None


STRING, BYTES, INTEGER, BOOLEAN = (_Kind(name) for name in ("string", "bytes", "int", "bool"))
_ZERO = {"string": "", "bytes": b"", "int": 0, "bool": False}


def _field(number: int, kind: _Kind, **default: Any) -> Any:
    return dataclasses.field(metadata={"number": number, "kind": kind}, **default)


def string(number: int) -> Any:
    return _field(number, STRING, default="")


def blob(number: int) -> Any:
    return _field(number, BYTES, default=b"")


def integer(number: int) -> Any:
    """Any of the integer types that are varints, except the zigzag ones."""
    return _field(number, INTEGER, default=0)


def boolean(number: int) -> Any:
    return _field(number, BOOLEAN, default=False)


def message(number: int, kind: "type[Message]") -> Any:
    """Another message, None when it is absent."""
    return _field(number, of(kind), default=None)


def many(number: int, kind: "_Kind | type[Message]") -> Any:
    """A list of *kind*."""
    one = kind if isinstance(kind, _Kind) else of(kind)
    return _field(number, dataclasses.replace(one, repeated=True), default_factory=list)


def mapping(number: int, value: "_Kind | type[Message]", key: _Kind = STRING) -> Any:
    one = value if isinstance(value, _Kind) else of(value)
    return _field(number, _Kind("map", key=key, value=one), default_factory=dict)


def of(kind: "type[Message]") -> _Kind:
    return _Kind("message", lambda: kind)


@dataclasses.dataclass
class Message:
    """Base of all messages. ``_table`` (number to name and kind) is made once a class."""

    __slots__ = ()
    _table: ClassVar[dict[int, tuple[str, _Kind]] | None] = None
    _order: ClassVar[list[tuple[str, _Kind, bytes]] | None] = None

    @classmethod
    def table(cls) -> dict[int, tuple[str, _Kind]]:
        if "_table" not in cls.__dict__ or cls._table is None:
            fields = sorted(dataclasses.fields(cls), key=lambda f: int(f.metadata["number"]))
            cls._table = {f.metadata["number"]: (f.name, f.metadata["kind"]) for f in fields}
        return cls._table

    def encode(self) -> bytes:
        out = bytearray()
        for name, kind, tag in self._written():
            value = getattr(self, name)
            if value is None or not (value or kind.message):
                continue
            if kind.name == "map":
                assert kind.key is not None and kind.value is not None
                for key, item in value.items():
                    pair = bytearray()
                    _put(pair, _tag(1, kind.key), kind.key, key)
                    _put(pair, _tag(2, kind.value), kind.value, item)
                    _put(out, tag, BYTES, pair)
            elif kind.repeated:
                for item in value:
                    _put(out, tag, kind, item)
            else:
                _put(out, tag, kind, value)
        return bytes(out)

    @classmethod
    def _written(cls) -> "list[tuple[str, _Kind, bytes]]":
        """Name, kind and tag of each field, made once a class."""
        if "_order" not in cls.__dict__ or cls._order is None:
            cls._order = [
                (name, kind, _tag(number, BYTES if kind.name == "map" else kind))
                for number, (name, kind) in cls.table().items()
            ]
        return cls._order

    @classmethod
    def decode(cls: type[M], data: bytes) -> M:
        """:class:`DecodeError` when *data* is none."""
        return cls.decode_within(data, _Budget())

    @classmethod
    def decode_within(cls: type[M], data: bytes, budget: _Budget) -> M:
        """As a part of a message that may not be any larger than *budget*."""
        found = cls()
        table = cls.table()
        for number, value in fields(data):
            budget.spend()
            known = table.get(number)
            if known is not None:
                _store(found, known[0], known[1], value, budget)
        return found


def _store(found: Message, name: str, kind: _Kind, value: int | bytes, budget: _Budget) -> None:
    if kind.name == "map":
        assert kind.key is not None and kind.value is not None
        key, item = _empty(kind.key), _empty(kind.value)
        for number, part in fields(_delimited(value)):
            budget.spend()
            if number == 1:
                key = _value(kind.key, part, budget)
            elif number == 2:
                item = _value(kind.value, part, budget)
        getattr(found, name)[key] = item
    elif not kind.repeated:
        setattr(found, name, _value(kind, value, budget))
    elif kind.name in ("int", "bool") and isinstance(value, bytes):
        budget.spend(len(value))
        getattr(found, name).extend(_value(kind, item, budget) for item in _packed(value))
    else:
        getattr(found, name).append(_value(kind, value, budget))


def _empty(kind: _Kind) -> Any:
    return kind.message()() if kind.message else _ZERO[kind.name]


def _value(kind: _Kind, value: int | bytes, budget: _Budget) -> Any:
    if kind.name == "int":
        number = _number(value)
        return number - (1 << 64) if number & _SIGN else number
    if kind.name == "bool":
        return bool(_number(value))
    data = _delimited(value)
    if kind.name == "string":
        return data.decode("utf-8", "surrogateescape")
    return kind.message().decode_within(data, budget) if kind.message else data


def _number(value: int | bytes) -> int:
    if isinstance(value, int):
        return value
    raise DecodeError("a number was expected")


def _delimited(value: int | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    raise DecodeError("a value with a length was expected")


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and raw value of each field, in the order that they come in."""
    at, end = 0, len(data)
    while at < end:
        tag, at = varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, at = varint(data, at)
            yield number, value
        elif kind == _DELIMITED:
            size, at = varint(data, at)
            if at + size > end:
                raise DecodeError("a value is cut off")
            yield number, data[at : at + size]
            at += size
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
            if at > end:
                raise DecodeError("a number is cut off")
        else:
            raise DecodeError(f"wire type {kind} is not known")


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at *at*, and where it ends."""
    value = shift = 0
    try:
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & _MASK, at
            shift += 7
            if shift > 63:
                raise DecodeError("a number is too long")
    except IndexError:
        raise DecodeError("a number is cut off") from None


def _packed(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = varint(data, at)
        yield value


def encoded_varint(value: int) -> bytes:
    value &= _MASK
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _tag(number: int, kind: _Kind) -> bytes:
    """What stands before the value of the field *number*."""
    wire = _VARINT if kind.name in ("int", "bool") else _DELIMITED
    return encoded_varint(number << 3 | wire)


def _put(out: bytearray, tag: bytes, kind: _Kind, value: Any) -> None:
    out += tag
    if kind.name in ("int", "bool"):
        out += encoded_varint(int(value))
        return
    if kind.name == "string":
        data = value.encode("utf-8", "surrogateescape")
    else:
        data = value.encode() if isinstance(value, Message) else value
    size = len(data)
    if size < 0x80:
        out.append(size)
    else:
        out += encoded_varint(size)
    out += data
