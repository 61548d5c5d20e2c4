"""The ``filters`` parameter: a JSON map from a filter's name to the values asked for."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from boxship.base.errors import InvalidParameter
from boxship.base.go_regexp import Search, compile_filter


class Filters:
    """Values by name. An absent name matches everything; the values of one name are alternatives,
    except in :meth:`match_pairs`, where all must hold (Docker's rule for labels)."""

    __slots__ = ("_searches", "values")

    def __init__(self, values: Mapping[str, Iterable[str]] | None = None) -> None:
        self.values: dict[str, list[str]] = {
            name: list(dict.fromkeys(wanted)) for name, wanted in (values or {}).items()
        }
        self._searches: dict[str, list[Search]] = {}

    @classmethod
    def parse(cls, text: str) -> "Filters":
        """Accepts ``{"name":{"value":true}}`` and the older ``{"name":["value"]}``."""
        if not text:
            return cls()
        try:
            data = msgspec.json.decode(text.encode("utf-8", "replace"))
        except (msgspec.DecodeError, RecursionError):
            raise InvalidParameter("invalid filter") from None
        if data is None:
            return cls()
        if not isinstance(data, dict):
            raise InvalidParameter("invalid filter")
        parsed = cls()
        parsed.values = {name: _values(wanted) for name, wanted in data.items()}
        return parsed

    def require(self, accepted: Iterable[str]) -> None:
        """:class:`InvalidParameter` in Docker's words when a name is not in *accepted*."""
        known = frozenset(accepted)
        for name in self.values:
            if name not in known:
                raise InvalidParameter(f"invalid filter '{name}'")

    def add(self, name: str, value: str) -> None:
        """Add an alternative for *name*."""
        self.values[name] = [*self.values.get(name, ()), value]
        self._searches.pop(name, None)

    def __bool__(self) -> bool:
        return bool(self.values)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def get(self, name: str) -> list[str]:
        return list(self.values.get(name, ()))

    def flag(self, name: str, default: bool | None = None) -> bool | None:
        """A boolean filter (``dangling``); *default* when absent."""
        wanted = self.values.get(name)
        if not wanted:
            return default
        is_true = "1" in wanted or "true" in wanted
        is_false = "0" in wanted or "false" in wanted
        if is_true == is_false:
            shown = " ".join(wanted)
            raise InvalidParameter(f"invalid filter '{name}=[{shown}]'")
        return is_true

    def only(self, name: str) -> str | None:
        """The single value of *name*; :class:`InvalidParameter` when several are given."""
        wanted = self.get(name)
        if len(wanted) > 1:
            raise InvalidParameter(f"invalid filter '{name}': more than one value specified")
        return wanted[0] if wanted else None

    def exact(self, name: str, candidate: str) -> bool:
        wanted = self.values.get(name)
        return not wanted or candidate in wanted

    def any_of(self, name: str, candidates: Iterable[str]) -> bool:
        wanted = self.values.get(name)
        return not wanted or any(candidate in wanted for candidate in candidates)

    def prefix(self, name: str, candidate: str) -> bool:
        """Identifiers: a value may be a prefix of *candidate*."""
        wanted = self.values.get(name)
        return not wanted or any(candidate.startswith(value) for value in wanted)

    def search(self, name: str, candidate: str) -> bool:
        """Return whether a value is *candidate* itself or, as a regular expression, matches it.

        :class:`InvalidParameter` for too many or too long expressions.
        """
        wanted = self.values.get(name)
        if not wanted or candidate in wanted:
            return True
        if name not in self._searches:
            self._searches[name] = compile_filter(wanted)
        return any(matches(candidate) for matches in self._searches[name])

    def match_pairs(self, name: str, pairs: Mapping[str, str] | None) -> bool:
        """Labels: every value, ``key`` or ``key=text``, must hold for *pairs*."""
        wanted = self.values.get(name)
        if not wanted:
            return True
        present = pairs or {}
        return all(_holds(value, present) for value in wanted)


def _values(wanted: Any) -> list[str]:
    """Without repetitions, in order."""
    if wanted is None:
        return []
    if isinstance(wanted, dict) and all(isinstance(flag, bool) for flag in wanted.values()):
        return list(wanted)
    if isinstance(wanted, list) and all(isinstance(value, str) for value in wanted):
        return list(dict.fromkeys(wanted))
    raise InvalidParameter("invalid filter")


def _holds(value: str, pairs: Mapping[str, str]) -> bool:
    key, equals, text = value.partition("=")
    return key in pairs and (not equals or pairs[key] == text)
