"""``boxship logs``: what a container printed."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.flags.flag import Flag, switch
from boxship.cli.pump import write_all
from boxship.cli.timestamps import as_timestamp
from boxship.client import paths
from boxship.client.frames import STDERR, Demultiplexer
from boxship.client.hijack import MULTIPLEXED_TYPE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments
    from boxship.client.http import Answer

TYPES_TELL = (1, 42)


def _run(app: App, arguments: Arguments) -> int:
    name = arguments.positional[0]
    answer = app.client.call("GET", paths.container(name, "logs"), _query(arguments))
    if _multiplexed(app, name, answer):
        demultiplexer = Demultiplexer()
        for chunk in answer.chunks():
            for stream, data in demultiplexer.feed(chunk):
                write_all(2 if stream == STDERR else 1, data)
    else:
        for chunk in answer.chunks():
            write_all(1, chunk)
    return 0


def _multiplexed(app: App, name: str, answer: Answer) -> bool:
    """Older APIs name one type for both kinds: there the container tells."""
    if app.client.version >= TYPES_TELL:
        return answer.headers.get("content-type") == MULTIPLEXED_TYPE
    details = app.client.json("GET", paths.container(name, "json"))
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
    "[OPTIONS] CONTAINER",
    (
        switch("details", "Show extra attributes of the log"),
        switch("follow", "Go on with what is printed from now", "f"),
        Flag("since", "Start at this time, or so long ago (such as 42m)"),
        Flag("tail", "Show only so many last lines", short="n", default="all"),
        switch("timestamps", "Show when each line was printed", "t"),
        Flag("until", "End at this time, or so long ago"),
    ),
    least=1,
    most=1,
)
