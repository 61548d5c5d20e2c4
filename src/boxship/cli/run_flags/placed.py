"""A flag together with its place in the body of ``POST /containers/create``."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.flags.flag import Flag

    Body = dict[str, Any]


class Placed:
    """``path`` is the field, dots between levels; "" where a group's function places the flag.

    ``convert`` turns the parsed value into the field's.
    """

    __slots__ = ("convert", "flag", "path")

    def __init__(
        self, flag: Flag, path: str = "", convert: Callable[[Any], object] | None = None
    ) -> None:
        self.flag = flag
        self.path = path
        self.convert = convert

    def place(self, arguments: Arguments, body: Body) -> None:
        """Write the flag into *body* if the user gave it."""
        if not self.path or not arguments.given(self.flag.name):
            return
        value = arguments.value(self.flag.name)
        put(body, self.path, self.convert(value) if self.convert else value)


def put(body: Body, path: str, value: object) -> None:
    *parents, last = path.split(".")
    for name in parents:
        body = body.setdefault(name, {})
    body[last] = value


def key_values(items: list[str]) -> dict[str, str]:
    """``a=b`` texts as a mapping; a name alone has an empty value."""
    return {name: value for name, _, value in (item.partition("=") for item in items)}
