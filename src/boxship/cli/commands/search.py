"""``boxship search``: look for images in a registry."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.filters import as_parameter
from boxship.cli.flags.flag import Flag, filters, listing_format, switch
from boxship.cli.listings.found import DEFAULT, found
from boxship.cli.registry.logins import Logins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    term = arguments.positional[0]
    query = {
        "term": term,
        "limit": arguments.number("limit") or None,
        "filters": as_parameter(arguments.texts("filter")),
    }
    headers = Logins(app.settings).header(term)
    items = app.client.json("GET", "/images/search", query, None, headers) or []
    template = arguments.text("format")
    listing = found(truncate=not arguments.on("no-trunc"))
    app.print(listing.shown(template, items, DEFAULT), end="")
    return 0


COMMAND = Command(
    _run,
    "[OPTIONS] TERM",
    (
        filters(),
        listing_format(),
        Flag("limit", "Show at most so many", "int", default=0),
        switch("no-trunc", "Show everything in full length"),
    ),
    least=1,
    most=1,
)
