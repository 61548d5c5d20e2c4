"""What a flag is. Commands declare theirs with these; parser, usage text and manual read them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Flag:
    """One ``--name``, perhaps with a one-letter ``short`` form.

    ``kind`` names a row of :data:`boxship.cli.flags.kinds.KINDS`. ``aliases`` are older names of
    the same flag; a ``hidden`` flag works and is not listed. ``parse`` turns one value's text into
    the value in place of the kind's own function; it raises ValueError with the reason.
    """

    __slots__ = (
        "aliases",
        "default",
        "hidden",
        "kind",
        "name",
        "parse",
        "short",
        "shows",
        "summary",
    )

    def __init__(
        self,
        name: str,
        summary: str,
        kind: str = "string",
        *,
        short: str = "",
        default: object = None,
        shows: str = "",
        aliases: tuple[str, ...] = (),
        hidden: bool = False,
        parse: Callable[[str], object] | None = None,
    ) -> None:
        self.name = name
        self.summary = summary
        self.kind = kind
        self.short = short
        self.default = default
        self.shows = shows or ("" if kind == "bool" else kind)
        self.aliases = aliases
        self.hidden = hidden
        self.parse = parse

    @property
    def repeats(self) -> bool:
        return self.kind in ("list", "filter")

    @property
    def takes_value(self) -> bool:
        return self.kind != "bool"

    def shown(self) -> str:
        """As errors name it: ``-m, --memory``."""
        return f"-{self.short}, --{self.name}" if self.short else f"--{self.name}"


def switch(name: str, summary: str, short: str = "", *, default: bool = False) -> Flag:
    return Flag(name, summary, "bool", short=short, default=default)


def many(
    name: str,
    summary: str,
    short: str = "",
    *,
    shows: str = "",
    aliases: tuple[str, ...] = (),
    parse: Callable[[str], object] | None = None,
) -> Flag:
    """A flag that may be given again and again."""
    return Flag(name, summary, "list", short=short, shows=shows, aliases=aliases, parse=parse)


def filters() -> Flag:
    return Flag("filter", "Keep what matches NAME=VALUE", "filter", short="f")


def listing_format() -> Flag:
    return Flag("format", "Print as 'table', 'table TEMPLATE', 'json' or by a Go TEMPLATE")


def object_format() -> Flag:
    return Flag("format", "Print as 'json' or by a Go TEMPLATE", short="f")
