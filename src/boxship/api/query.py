"""Query strings with Go's rules, because Docker's clients were written against them."""

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from boxship.api.filters import Filters
from boxship.base.errors import InvalidParameter

_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2}).{0,2}", re.DOTALL)
_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
_FALSE = frozenset(("", "0", "no", "false", "none"))
_INT64 = 1 << 63


def decode(text: str) -> str:
    """Undo percent-encoding of *text* (bytes as latin-1, as request heads hold them).

    Bytes that are no UTF-8 survive as surrogates, for ``os.fsencode``.
    """
    bad = _BAD_ESCAPE.search(text)
    if bad:
        raise InvalidParameter(f'invalid URL escape "{bad.group()}"')
    return unquote_to_bytes(text.encode("latin-1", "replace")).decode("utf-8", "surrogateescape")


def parse_integer(text: str) -> int:
    """*text* as a signed 64-bit integer; :class:`InvalidParameter` in the words of Go's strconv."""
    if not _INTEGER.match(text):
        raise InvalidParameter(f'strconv.Atoi: parsing "{text}": invalid syntax')
    # The length check keeps int() away from megabytes of digits.
    if len(text) > 20 or not -_INT64 <= int(text) < _INT64:
        raise InvalidParameter(f'strconv.Atoi: parsing "{text}": value out of range')
    return int(text)


class Query:
    """The parameters behind ``?``. The first value of a repeated name counts, as in Go."""

    __slots__ = ("_values",)

    def __init__(self, raw: str = "") -> None:
        self._values: dict[str, list[str]] = {}
        for part in raw.split("&") if raw else ():
            if ";" in part:
                raise InvalidParameter("invalid semicolon separator in query")
            if part:
                name, _, value = part.replace("+", " ").partition("=")
                self._values.setdefault(decode(name), []).append(decode(value))

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str, default: str = "") -> str:
        values = self._values.get(name)
        return values[0] if values else default

    def all(self, name: str) -> list[str]:
        """Every value of a repeated parameter, in order."""
        return list(self._values.get(name, ()))

    def flag(self, name: str, default: bool = False) -> bool:
        """Docker's booleans: anything but empty, 0, no, false and none is true."""
        if name not in self._values:
            return default
        return self.get(name).strip().lower() not in _FALSE

    def integer(self, name: str, default: int = 0) -> int:
        """An integer; *default* when absent or empty, :class:`InvalidParameter` when none."""
        text = self.get(name)
        return parse_integer(text) if text else default

    def filters(self, accepted: Iterable[str] | None = None) -> Filters:
        """The ``filters`` parameter; names outside *accepted* are :class:`InvalidParameter`."""
        filters = Filters.parse(self.get("filters"))
        if accepted is not None:
            filters.require(accepted)
        return filters
