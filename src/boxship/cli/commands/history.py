"""``boxship history``: the steps that made an image."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.flags.flag import listing_format, switch
from boxship.cli.listings.history import DEFAULT, EXACT, history
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    items = app.client.json("GET", paths.image(arguments.positional[0], "history"))
    template = arguments.text("format")
    human = arguments.on("human")
    listing = history(not arguments.on("no-trunc"), human)
    only = "ID" if arguments.on("quiet") else ""
    app.print(listing.shown(template, items, DEFAULT if human else EXACT, only), end="")
    return 0


COMMAND = Command(
    _run,
    "[OPTIONS] IMAGE",
    (
        listing_format(),
        switch("human", "Round sizes and dates", "H", default=True),
        switch("no-trunc", "Show everything in full length"),
        switch("quiet", "Show only ids", "q"),
    ),
    least=1,
    most=1,
)
