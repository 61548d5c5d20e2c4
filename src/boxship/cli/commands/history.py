"""``boxship history``: the steps that made an image."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.flags.flag import listing_format, switch
from boxship.cli.listings.history import DEFAULT, EXACT, history
from boxship.cli.output.formatter import is_plain_table
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
    if not is_plain_table(template):
        app.print(listing.formatted(template, items), end="")
    elif arguments.on("quiet"):
        app.print("".join(f"{listing.columns['ID'](item)}\n" for item in items), end="")
    else:
        app.print(listing.table(DEFAULT if human else EXACT, items), end="")
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
