"""``boxship stats``: the resources that containers use, now or live."""

from __future__ import annotations

import time

from boxship.base.errors import BoxshipError, NotFound
from boxship.cli.command import MANY, Command
from boxship.cli.flags.flag import listing_format, switch
from boxship.cli.listings.stats import DEFAULT, Usage, stats
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments

PERIOD = 1.0
HOME_AND_CLEAR = "\033[H\033[J"


def _run(app: App, arguments: Arguments) -> int:
    if arguments.on("no-stream"):
        app.print(_text(app, arguments, _sample(app, arguments)), end="")
        return 0
    while True:
        began = time.monotonic()
        text = _text(app, arguments, _sample(app, arguments))
        app.print((HOME_AND_CLEAR if app.output_is_terminal() else "") + text, end="")
        app.flush()
        time.sleep(max(0.0, PERIOD - (time.monotonic() - began)))


def _sample(app: App, arguments: Arguments) -> list[Usage]:
    """A sample of each container. Two points in time a second apart make a CPU percentage, so the
    containers are asked side by side."""
    names = arguments.positional or _all(app, arguments.on("all"))
    if not names:
        return []
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(32, len(names))) as pool:
        found = list(pool.map(lambda name: _one(app, name), names))
    for usage in found:
        if isinstance(usage, BoxshipError) and arguments.positional:
            raise usage
    return [usage for usage in found if isinstance(usage, Usage)]


def _all(app: App, every: bool) -> list[str]:
    return [item["Id"] for item in app.client.json("GET", "/containers/json", {"all": every})]


def _one(app: App, name: str) -> Usage | BoxshipError:
    client = app.client.fork()
    try:
        query = {"stream": "0"}
        sample = client.json("GET", paths.container(name, "stats"), query)
    except NotFound as error:
        return error
    finally:
        client.close()
    return Usage(sample["id"], sample["name"].removeprefix("/"), sample)


def _text(app: App, arguments: Arguments, usages: list[Usage]) -> str:
    listing = stats(not arguments.on("no-trunc"))
    template = arguments.text("format") or app.settings.text("statsFormat")
    return listing.shown(template, usages, DEFAULT)


COMMAND = Command(
    _run,
    "[OPTIONS] [CONTAINER...]",
    (
        switch("all", "Show all containers, not just running ones", "a"),
        listing_format(),
        switch("no-stream", "Show one sample and end"),
        switch("no-trunc", "Show everything in full length"),
    ),
    most=MANY,
)
