"""``boxship logout``: forget a login at a registry."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.registry.logins import Logins
from boxship.cli.registry.server import key_of_server

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    key = key_of_server(arguments.positional[0] if arguments.positional else "")
    # A helper does not say whether it knew one.
    app.print(f"Removing login credentials for {key}")
    Logins(app.settings).erase(key)
    return 0


COMMAND = Command(_run, "[SERVER]", (), most=1)
