"""``boxship logs``: what a container printed."""

from __future__ import annotations

from boxship.cli.command import MANY, Command
from boxship.cli.flags.flag import Flag, switch
from boxship.cli.pump import write_all
from boxship.cli.timestamps import as_timestamp
from boxship.client import paths
from boxship.client.frames import STDERR, Demultiplexer
from boxship.client.hijack import MULTIPLEXED_TYPE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments
    from boxship.client.client import Client
    from boxship.client.http import Answer

TYPES_TELL = (1, 42)


def _run(app: App, arguments: Arguments) -> int:
    names = arguments.positional
    query = _query(arguments)
    if len(names) > 1:
        from boxship.cli.log_streams import show_many

        return show_many(
            app,
            names,
            lambda client, name: _pieces(client, name, query),
            follow=arguments.on("follow"),
        )
    for stream, data in _pieces(app.client, names[0], query):
        write_all(stream, data)
    return 0


def _pieces(
    client: Client, name: str, query: dict[str, str | bool | None]
) -> Iterator[tuple[int, bytes]]:
    """Yield the log of a container as (descriptor, bytes); a terminal has one stream."""
    answer = client.call("GET", paths.container(name, "logs"), query)
    if not _multiplexed(client, name, answer):
        for chunk in answer.chunks():
            yield 1, chunk
        return
    demultiplexer = Demultiplexer()
    for chunk in answer.chunks():
        for stream, data in demultiplexer.feed(chunk):
            yield (2 if stream == STDERR else 1), data


def _multiplexed(client: Client, name: str, answer: Answer) -> bool:
    """Older APIs name one type for both kinds: there the container tells."""
    if client.version >= TYPES_TELL:
        return answer.headers.get("content-type") == MULTIPLEXED_TYPE
    details = client.json("GET", paths.container(name, "json"))
    return not details["Config"]["Tty"]


def _query(arguments: Arguments) -> dict[str, str | bool | None]:
    return {
        "stdout": True,
        "stderr": True,
        "follow": arguments.on("follow"),
        "timestamps": arguments.on("timestamps"),
        "details": arguments.on("details"),
        "since": as_timestamp(arguments.text("since"), "since"),
        "until": as_timestamp(arguments.text("until"), "until"),
        "tail": arguments.text("tail"),
    }


COMMAND = Command(
    _run,
    "[OPTIONS] CONTAINER [CONTAINER...]",
    (
        switch("details", "Show extra attributes of the log"),
        switch("follow", "Go on with what is printed from now", "f"),
        Flag("since", "Start at this time, or so long ago (such as 42m)"),
        Flag("tail", "Show only so many last lines", short="n", default="all"),
        switch("timestamps", "Show when each line was printed", "t"),
        Flag("until", "End at this time, or so long ago"),
    ),
    least=1,
    most=MANY,
    notes="Lines of several containers begin with the container's name.",
)
