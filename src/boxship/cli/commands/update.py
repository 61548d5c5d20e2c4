"""``boxship update``: change the limits of containers."""

from __future__ import annotations

from boxship.cli.command import MANY, Command
from boxship.cli.each import for_each
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag
from boxship.cli.run_flags.lifecycle import parse_restart
from boxship.cli.run_flags.placed import Placed
from boxship.cli.run_flags.resources import UPDATABLE
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.run_flags.placed import Body
    from boxship.client.client import Client

ROWS = (
    *UPDATABLE,
    Placed(Flag("restart", "When to start it again"), "HostConfig.RestartPolicy", parse_restart),
)


def _run(app: App, arguments: Arguments) -> int:
    body: Body = {"HostConfig": {}}
    for row in ROWS:
        row.place(arguments, body)
    if not body["HostConfig"]:
        raise Failed("you must provide one or more flags when using this command")
    warnings: list[str] = []

    def change(client: Client, name: str) -> None:
        path = paths.container(name, "update")
        answer = client.json("POST", path, body=body["HostConfig"])
        warnings.extend((answer or {}).get("Warnings") or [])

    code = for_each(app, arguments.positional, change)
    for text in warnings:
        app.warn(text)
    return code


COMMAND = Command(
    _run,
    "[OPTIONS] CONTAINER [CONTAINER...]",
    tuple(row.flag for row in ROWS),
    least=1,
    most=MANY,
)
