"""``boxship attach``: connect this terminal to a running container."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag, switch
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    from boxship.cli.attach import Attachment, run_attached

    details = app.client.json("GET", paths.container(arguments.positional[0], "json"))
    _check_state(details["State"])
    tty = details["Config"]["Tty"]
    stdin = details["Config"]["OpenStdin"] and not arguments.on("no-stdin")
    if tty and stdin and not app.input_is_terminal():
        raise Failed("the input device is not a TTY")
    attachment = Attachment(
        details["Id"],
        tty=tty,
        stdin=stdin,
        stdout=True,
        stderr=True,
        detach_keys=app.detach_keys(arguments),
        signals=arguments.on("sig-proxy") and not tty,
    )
    return run_attached(app, attachment, _nothing, detached="read escape sequence")


def _check_state(state: dict[str, Any]) -> None:
    if not state["Running"]:
        raise Failed("You cannot attach to a stopped container, start it first")
    if state["Paused"]:
        raise Failed("You cannot attach to a paused container, unpause it first")
    if state["Restarting"]:
        raise Failed("You cannot attach to a restarting container, wait until it is running")


def _nothing() -> None:
    """It runs already."""


COMMAND = Command(
    _run,
    "[OPTIONS] CONTAINER",
    (
        Flag("detach-keys", "Keys that leave the container running"),
        switch("no-stdin", "Send no input"),
        switch("sig-proxy", "Pass signals on to the program", default=True),
    ),
    least=1,
    most=1,
)
