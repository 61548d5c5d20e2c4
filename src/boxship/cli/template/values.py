"""How Go's templates see values: fields, truth, printing."""

from __future__ import annotations

from boxship.cli.template.errors import ExecutionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


class Row:
    """An object with named columns, computed when asked for. A column may take arguments."""

    __slots__ = ("columns", "kind", "source")

    def __init__(
        self, kind: str, columns: Mapping[str, Callable[..., object]], source: Any
    ) -> None:
        self.kind = kind
        self.columns = columns
        self.source = source

    def column(self, name: str, *arguments: object) -> object:
        function = self.columns.get(name)
        if function is None:
            raise ExecutionError(f"can't evaluate field {name} in type {self.kind}")
        return function(self.source, *arguments)

    def as_dict(self) -> dict[str, object]:
        """Every column that takes no argument, by name: what ``{{json .}}`` shows."""
        return {
            name: function(self.source)
            for name, function in sorted(self.columns.items())
            if getattr(function, "__code__", None) is None or function.__code__.co_argcount == 1
        }


class Nil:
    """A null whose Go type is known: an empty list or map, or a pointer. JSON has null for it."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return self.text


EMPTY_LIST = Nil("[]")
EMPTY_MAP = Nil("map[]")
NIL_POINTER = Nil("<nil>")


class GoMap(dict[str, object]):
    """A map of texts: a key that it has not is no error, but has no value."""

    __slots__ = ()


class GoStruct(dict[str, object]):
    """An object with the fields *order*, if that is known. JSON leaves out *omitted* where they
    have these values, that is, none.
    """

    __slots__ = ("omitted", "order")

    def __init__(
        self,
        fields: Mapping[str, object],
        omitted: Mapping[str, Any],
        order: tuple[str, ...] = (),
    ) -> None:
        super().__init__(fields)
        self.omitted = omitted
        self.order = order

    def in_order(self) -> list[object]:
        """The values as Go prints them; a text that is left out is empty."""
        return [
            self[name] if name in self else _nothing(self.omitted.get(name, ""))
            for name in self.order
        ]


def field(value: object, name: str, *arguments: object) -> object:
    """``.name`` of *value*. Names of Go's structs and of their JSON differ in case only."""
    if isinstance(value, Row):
        return value.column(name, *arguments)
    if isinstance(value, dict):
        if name in value:
            return value[name]
        if isinstance(value, GoMap):
            return None
        if isinstance(value, GoStruct) and name in value.omitted:
            return _nothing(value.omitted[name])
        folded = name.casefold()
        for key in value:
            if isinstance(key, str) and key.casefold() == folded:
                return value[key]
        raise ExecutionError(f'map has no entry for key "{name}"')
    if value is None or isinstance(value, Nil):
        raise ExecutionError(f"nil pointer evaluating interface {{}}.{name}")
    raise ExecutionError(f"can't evaluate field {name} in type {type_name(value)}")


def _nothing(value: Any) -> object:
    """An empty *value* as Go shows it, of which JSON has null."""
    nils: dict[type, Nil] = {list: EMPTY_LIST, dict: EMPTY_MAP, type(None): NIL_POINTER}
    return nils.get(type(value), value)


def type_name(value: object) -> str:
    names: dict[type, str] = {str: "string", bool: "bool", int: "int", float: "float64"}
    return names.get(type(value), "interface {}")


def truth(value: object) -> bool:
    """Go's: false, zero, nil and empty are not true."""
    return bool(value)


def show(value: object) -> str:
    """*value* as Go's ``%v`` prints it."""
    if value is None:
        return "<no value>"
    return _show_inner(value)


def _show_inner(value: object) -> str:
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return show_float(value)
    if isinstance(value, list):
        return "[" + " ".join(_show_inner(item) for item in value) + "]"
    if isinstance(value, GoStruct) and value.order:
        return "{" + " ".join(map(_show_inner, value.in_order())) + "}"
    if isinstance(value, dict):
        pairs = sorted((str(key), item) for key, item in value.items())
        return "map[" + " ".join(f"{key}:{_show_inner(item)}" for key, item in pairs) + "]"
    if isinstance(value, Row):
        return _show_inner(value.as_dict())
    return str(value)


def show_float(value: float) -> str:
    if value == int(value) and abs(value) < 1e21:
        return str(int(value)) if abs(value) < 1e6 else f"{value:.17g}".replace("e+", "e+")
    return repr(value)
