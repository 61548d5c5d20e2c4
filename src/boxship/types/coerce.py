"""The slow half of decoding: shape parsed JSON after a model as Go's ``encoding/json`` would."""

from collections.abc import Callable
from typing import Any

from msgspec import inspect

from boxship.base.errors import InvalidParameter

#: Shapes one value; the string is the value's path for the error message.
Shaper = Callable[[Any, str], Any]


def coerce(value: Any, model: type[Any]) -> Any:
    """*value* with the keys and types of *model*, ready for :func:`msgspec.convert`.

    :class:`InvalidParameter` when Go would not unmarshal it either.
    """
    shaper = _SHAPERS.get(model)
    if shaper is None:
        shaper = _SHAPERS[model] = _build(inspect.type_info(model))
    return shaper(value, model.__name__)


_SHAPERS: dict[type[Any], Shaper] = {}


def _build(info: inspect.Type, extra: dict[str, Any] | None = None) -> Shaper:
    if isinstance(info, inspect.Metadata):
        return _build(info.type, info.extra)
    if isinstance(info, inspect.UnionType):
        (inner,) = (each for each in info.types if not isinstance(each, inspect.NoneType))
        return _optional(_build(inner, extra))
    if isinstance(info, inspect.StructType):
        return _struct(info)
    if isinstance(info, inspect.ListType):
        items = _list(_build(info.item_type))
        return _string_or(items) if (extra or {}).get("string_or_list") else items
    if isinstance(info, inspect.DictType):
        return _map(_build(info.value_type))
    if isinstance(info, inspect.TupleType):
        return _array([_build(each) for each in info.item_types])
    if isinstance(info, inspect.IntType):
        return _integer(info)
    return _SCALARS.get(type(info), _any)


def _fail(value: Any, path: str, wanted: str) -> InvalidParameter:
    got = f"number {value}" if _is_number(value) and wanted == "integer" else _KINDS[type(value)]
    return InvalidParameter(
        f"invalid JSON: json: cannot unmarshal {got} into Go struct field {path} of type {wanted}"
    )


_KINDS = {
    str: "string",
    bool: "bool",
    int: "number",
    float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _any(value: Any, path: str) -> Any:
    return value


def _text(value: Any, path: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _fail(value, path, "string")
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _boolean(value: Any, path: str) -> bool:
    if value is not None and not isinstance(value, bool):
        raise _fail(value, path, "bool")
    return bool(value)


_SCALARS: dict[type[inspect.Type], Shaper] = {inspect.StrType: _text, inspect.BoolType: _boolean}


def _integer(info: inspect.IntType) -> Shaper:
    low, high = info.ge, info.le

    def shape(value: Any, path: str) -> int:
        if value is None:
            return 0
        fits = type(value) is int and (low is None or value >= low)
        if not fits or (high is not None and value > high):
            raise _fail(value, path, "integer")
        return int(value)

    return shape


def _optional(inner: Shaper) -> Shaper:
    return lambda value, path: None if value is None else inner(value, path)


def _string_or(items: Shaper) -> Shaper:
    return lambda value, path: items([value] if isinstance(value, str) else value, path)


def _list(item: Shaper) -> Shaper:
    def shape(value: Any, path: str) -> list[Any]:
        if not isinstance(value, list):
            raise _fail(value, path, "array")
        return [item(each, path) for each in value]

    return shape


def _array(items: list[Shaper]) -> Shaper:
    def shape(value: Any, path: str) -> list[Any]:
        if not isinstance(value, list | None):
            raise _fail(value, path, "array")
        padded = [*(value or ()), *([None] * len(items))]
        return [item(each, path) for item, each in zip(items, padded, strict=False)]

    return shape


def _map(item: Shaper) -> Shaper:
    def shape(value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _fail(value, path, "object")
        return {_text(key, path): item(each, path) for key, each in value.items()}

    return shape


def _struct(info: inspect.StructType) -> Shaper:
    fields = {field.encode_name.lower(): field for field in info.fields}
    shapers: dict[str, Shaper] = {}

    def shape(value: Any, path: str) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise _fail(value, path, "object")
        shaped: dict[str, Any] = {}
        for key, each in value.items():
            field = fields.get(key.lower())
            if field is not None and each is not None:
                name = field.encode_name
                shaper = shapers.get(name) or shapers.setdefault(name, _build(field.type))
                shaped[name] = shaper(each, f"{path}.{name}")
        return shaped

    return shape
