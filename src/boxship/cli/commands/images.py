"""``boxship images``: list images, a row for each name."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.filters import as_parameter
from boxship.cli.flags.flag import filters, listing_format, switch
from boxship.cli.listings.images import DEFAULT, WITH_DIGESTS, images, rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    references = [f"reference={name}" for name in arguments.positional]
    query = {
        "all": arguments.on("all"),
        "filters": as_parameter([*arguments.texts("filter"), *references]),
    }
    found = app.client.json("GET", "/images/json", query) or []
    template = app.format(arguments, "imagesFormat")
    digests = arguments.on("digests") or ".Digest" in template
    listing = images(truncate=not arguments.on("no-trunc"))
    items = list(rows(found, digests))
    names = WITH_DIGESTS if arguments.on("digests") else DEFAULT
    only = "ID" if arguments.on("quiet") else ""
    app.print(listing.shown(template, items, names, only), end="")
    return 0


COMMAND = Command(
    _run,
    "[OPTIONS] [REPOSITORY[:TAG]]",
    (
        switch("all", "Show intermediate images too", "a"),
        switch("digests", "Show digests"),
        filters(),
        listing_format(),
        switch("no-trunc", "Show everything in full length"),
        switch("quiet", "Show only ids", "q"),
    ),
    most=1,
)
