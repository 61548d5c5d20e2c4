"""The functions that templates may call: Go's own and those that Docker adds."""

from __future__ import annotations

import json
import re

from boxship.cli.template.errors import ExecutionError
from boxship.cli.template.values import Nil, Row, show, truth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def _plain(value: object) -> object:
    """A row as its columns; of all else that JSON has not, there are only Go's nulls."""
    return value.as_dict() if isinstance(value, Row) else None


COMPACT: Any = {"separators": (",", ":"), "ensure_ascii": False, "default": _plain}


def to_json(value: object) -> str:
    if isinstance(value, Row):
        return _escape_html(json.dumps(value.as_dict(), **COMPACT))
    return json.dumps(value, **COMPACT)


def _escape_html(text: str) -> str:
    """Go's encoder writes these three as escapes unless told otherwise; Docker's rows keep them."""
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def join(items: object, separator: str) -> str:
    if isinstance(items, Nil):
        return ""
    if not isinstance(items, list):
        raise ExecutionError("error calling join: expected a list")
    return separator.join(show(item) for item in items)


def split(text: str, separator: str) -> list[str]:
    return text.split(separator) if separator else list(text)


def pad(text: str, prefix: int, suffix: int) -> str:
    return " " * prefix + text + " " * suffix if text else text


def truncate(text: str, length: int) -> str:
    return text[:length] if len(text) >= length else text


def title(text: str) -> str:
    return re.sub(r"(^|\s)(\S)", lambda found: found[1] + found[2].upper(), str(text))


def index(value: object, *keys: object) -> object:
    for key in keys:
        value = _index_one(value, key)
    return value


def _index_one(value: object, key: object) -> object:
    if value is None or isinstance(value, Nil):
        raise ExecutionError("error calling index: index of untyped nil")
    if isinstance(value, dict):
        # A missing key is the zero value of the map's type, which for JSON is most often text.
        return value.get(key, "")
    if isinstance(value, (list, str)) and isinstance(key, int) and not isinstance(key, bool):
        if not 0 <= key < len(value):
            raise ExecutionError(f"error calling index: index out of range: {key}")
        return ord(value[key]) if isinstance(value, str) else value[key]
    raise ExecutionError(f"error calling index: cannot index with {show(key)}")


def cut(value: object, *bounds: int) -> object:
    if not isinstance(value, (list, str)):
        raise ExecutionError("error calling slice: can't slice item")
    if any(not 0 <= bound <= len(value) for bound in bounds):
        raise ExecutionError("error calling slice: index out of range")
    return value[slice(*(bounds if len(bounds) > 1 else (*bounds, None)))]


def length(value: object) -> int:
    if isinstance(value, Nil):
        return 0
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, (list, dict)):
        return len(value)
    raise ExecutionError(
        "error calling len: len of untyped nil"
        if value is None
        else f"error calling len: len of type {type(value).__name__}"
    )


def equal(first: object, *others: object) -> bool:
    if not others:
        raise ExecutionError("error calling eq: missing argument for comparison")
    return any(_comparable(first, other) and first == other for other in others)


def _comparable(a: object, b: object) -> bool:
    if a is None or b is None:
        return True
    numbers = (int, float)
    same = type(a) is type(b) or (isinstance(a, numbers) and isinstance(b, numbers))
    if not same or isinstance(a, bool) != isinstance(b, bool):
        raise ExecutionError("incompatible types for comparison")
    return True


def _ordered(name: str, test: Callable[[object, object], bool]) -> Callable[[object, object], bool]:
    def compare(a: object, b: object) -> bool:
        _comparable(a, b)
        if not isinstance(a, (int, float, str)):
            raise ExecutionError(f"error calling {name}: invalid type for comparison")
        return test(a, b)

    return compare


def all_of(*values: object) -> object:
    return next((value for value in values if not truth(value)), values[-1])


def any_of(*values: object) -> object:
    return next((value for value in values if truth(value)), values[-1])


def print_values(*values: object) -> str:
    """Go's Sprint: a space between neighbours neither of which is text."""
    parts: list[str] = []
    for position, value in enumerate(values):
        texts = isinstance(value, str) or (position and isinstance(values[position - 1], str))
        if position and not texts:
            parts.append(" ")
        parts.append(show(value))
    return "".join(parts)


_VERB = re.compile(r"%([-+# 0]*)(\d+|\*)?(?:\.(\d+))?([a-zA-Z%])")


def printf(format_: str, *values: object) -> str:
    rest = list(values)

    def one(found: re.Match[str]) -> str:
        if found[4] == "%":
            return "%"
        if not rest:
            return f"%!{found[4]}(MISSING)"
        width = rest.pop(0) if found[2] == "*" else found[2] or ""
        return _formatted(found[1], str(width), found[3], found[4], rest.pop(0))

    text = _VERB.sub(one, format_)
    if rest:
        text += "%!(EXTRA " + ", ".join(f"{type(v).__name__}={show(v)}" for v in rest) + ")"
    return text


def _formatted(flags: str, width: str, precision: str | None, verb: str, value: object) -> str:
    dots = f".{precision}" if precision is not None else ""
    if verb in "vs":
        return ("%" + flags.replace("0", "") + width + dots + "s") % show(value)
    if verb == "q":
        return ("%" + flags + width + "s") % json.dumps(show(value), ensure_ascii=False)
    if verb == "t" and isinstance(value, bool):
        return show(value)
    if verb in "dxXobceEfFgG" and isinstance(value, (int, float)):
        if verb == "b":
            return format(int(value), "b")
        return ("%" + flags + width + dots + verb) % value
    return f"%!{verb}({type(value).__name__}={show(value)})"


FUNCTIONS: dict[str, Callable[..., object]] = {
    "json": to_json,
    "split": split,
    "join": join,
    "title": title,
    "lower": lambda text: str(text).lower(),
    "upper": lambda text: str(text).upper(),
    "pad": pad,
    "truncate": truncate,
    "index": index,
    "slice": cut,
    "len": length,
    "eq": equal,
    "ne": lambda a, b: not equal(a, b),
    "lt": _ordered("lt", lambda a, b: a < b),  # type: ignore[operator]
    "le": _ordered("le", lambda a, b: a <= b),  # type: ignore[operator]
    "gt": _ordered("gt", lambda a, b: a > b),  # type: ignore[operator]
    "ge": _ordered("ge", lambda a, b: a >= b),  # type: ignore[operator]
    "and": all_of,
    "or": any_of,
    "not": lambda value: not truth(value),
    "print": print_values,
    "println": lambda *values: " ".join(show(value) for value in values) + "\n",
    "printf": printf,
}

# A table's header is its template run over the column titles, so text must pass through.
HEADER_FUNCTIONS: dict[str, Callable[..., object]] = {
    **FUNCTIONS,
    "json": lambda value: value,
    "split": lambda value, separator: value,
    "join": lambda value, separator: value,
    "title": lambda value: value,
    "lower": lambda value: value,
    "upper": lambda value: value,
    "truncate": lambda value, length: value,
}
