"""``boxship network ls``: list networks."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.filters import as_parameter
from boxship.cli.flags.flag import filters, listing_format, switch
from boxship.cli.listings.networks import DEFAULT, networks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    query = {"filters": as_parameter(arguments.texts("filter"))}
    items = sorted(
        app.client.json("GET", "/networks", query) or [], key=lambda network: str(network["Name"])
    )
    template = app.format(arguments, "networksFormat")
    listing = networks(truncate=not arguments.on("no-trunc"))
    only = "ID" if arguments.on("quiet") else ""
    app.print(listing.shown(template, items, DEFAULT, only), end="")
    return 0


COMMAND = Command(
    _run,
    "[OPTIONS]",
    (
        filters(),
        listing_format(),
        switch("no-trunc", "Show everything in full length"),
        switch("quiet", "Show only ids", "q"),
    ),
)
