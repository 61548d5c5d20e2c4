"""``boxship ps``: list containers."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.filters import as_parameter
from boxship.cli.flags.flag import Flag, filters, listing_format, switch
from boxship.cli.listings.containers import DEFAULT, containers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    template = app.format(arguments, "psFormat")
    if template and arguments.on("quiet"):
        app.warn("WARNING: Ignoring custom format, because both --format and --quiet are set.")
        template = ""
    size = arguments.on("size") if arguments.given("size") else _shows_size(template)
    items = app.client.json("GET", "/containers/json", _query(arguments, size)) or []
    listing = containers(truncate=not arguments.on("no-trunc"))
    names = (*DEFAULT, "Size") if size else DEFAULT
    only = "ID" if arguments.on("quiet") else ""
    app.print(listing.shown(template, items, names, only), end="")
    return 0


def _shows_size(template: str) -> bool:
    """Sizes cost the daemon a walk through files: they are asked for only if they will be seen."""
    return ".Size" in template or "json.}" in template.replace(" ", "")


def _query(arguments: Arguments, size: bool) -> dict[str, str | int | bool | None]:
    last = 1 if arguments.on("latest") and not arguments.given("last") else arguments.number("last")
    return {
        "all": arguments.on("all") or last > 0,
        "limit": last if last > 0 else None,
        "size": size,
        "filters": as_parameter(arguments.texts("filter")),
    }


COMMAND = Command(
    _run,
    "[OPTIONS]",
    (
        switch("all", "Show all containers, not just running ones", "a"),
        filters(),
        listing_format(),
        Flag("last", "Show the N newest containers in any state", "int", short="n", default=-1),
        switch("latest", "Show the newest container in any state", "l"),
        switch("no-trunc", "Show everything in full length"),
        switch("quiet", "Show only ids", "q"),
        switch("size", "Show the sizes of files", "s"),
    ),
)
