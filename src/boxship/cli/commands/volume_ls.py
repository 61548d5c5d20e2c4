"""``boxship volume ls``: list volumes."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.filters import as_parameter
from boxship.cli.flags.flag import filters, listing_format, switch
from boxship.cli.listings.volumes import DEFAULT, volumes
from boxship.cli.output.formatter import is_plain_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    query = {"filters": as_parameter(arguments.texts("filter"))}
    answer = app.client.json("GET", "/volumes", query)
    items = sorted(answer.get("Volumes") or [], key=lambda volume: str(volume["Name"]))
    template = app.format(arguments, "volumesFormat")
    listing = volumes()
    if not is_plain_table(template):
        app.print(listing.formatted(template, items), end="")
    elif arguments.on("quiet"):
        app.print("".join(f"{item['Name']}\n" for item in items), end="")
    else:
        app.print(listing.table(DEFAULT, items), end="")
    return 0


COMMAND = Command(
    _run, "[OPTIONS]", (filters(), listing_format(), switch("quiet", "Show only names", "q"))
)
