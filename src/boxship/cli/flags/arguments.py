"""What the user typed, after parsing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Arguments:
    """Flag values by name with their defaults, and the positional arguments."""

    __slots__ = ("_defaults", "_values", "positional")

    def __init__(
        self, values: dict[str, object], defaults: Mapping[str, object], positional: list[str]
    ) -> None:
        self._values = values
        self._defaults = defaults
        self.positional = positional

    def given(self, name: str) -> bool:
        """Whether the user set this flag."""
        return name in self._values

    def value(self, name: str) -> object:
        return self._values.get(name, self._defaults[name])

    def on(self, name: str) -> bool:
        return bool(self.value(name))

    def text(self, name: str) -> str:
        value = self.value(name)
        return "" if value is None else str(value)

    def number(self, name: str) -> int:
        value = self.value(name)
        return value if isinstance(value, int) else 0

    def items(self, name: str) -> list[Any]:
        """The parsed values of a repeated flag."""
        value = self.value(name)
        return value if isinstance(value, list) else []

    def texts(self, name: str) -> list[str]:
        return [str(item) for item in self.items(name)]
