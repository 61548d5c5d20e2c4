"""``boxship context show``: the name of the context in use."""

from __future__ import annotations

from boxship.cli.command import Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    app.print(app.context)
    return 0


COMMAND = Command(_run, "")
