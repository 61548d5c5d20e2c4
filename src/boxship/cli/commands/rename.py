"""``boxship rename``: give a container another name."""

from __future__ import annotations

from boxship.base.errors import BoxshipError
from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    old, new = (name.strip() for name in arguments.positional)
    if not old or not new:
        raise Failed("Error: Neither old nor new names may be empty")
    try:
        app.client.call("POST", paths.container(old, "rename"), {"name": new}).read()
    except BoxshipError as error:
        raise Failed(f"{error}\nError: failed to rename container named {old}") from error
    return 0


COMMAND = Command(_run, "CONTAINER NEW_NAME", least=2, most=2)
