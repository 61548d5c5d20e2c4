"""``boxship volume ls``: list volumes."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.filters import as_parameter
from boxship.cli.flags.flag import filters, listing_format, switch
from boxship.cli.listings.volumes import DEFAULT, volumes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    query = {"filters": as_parameter(arguments.texts("filter"))}
    answer = app.client.json("GET", "/volumes", query)
    items = sorted(answer.get("Volumes") or [], key=lambda volume: str(volume["Name"]))
    template = app.format(arguments, "volumesFormat")
    only = "Name" if arguments.on("quiet") else ""
    app.print(volumes().shown(template, items, DEFAULT, only), end="")
    return 0


COMMAND = Command(
    _run, "[OPTIONS]", (filters(), listing_format(), switch("quiet", "Show only names", "q"))
)
