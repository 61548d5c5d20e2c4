"""``boxship context use``: what further commands talk to."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.contexts.default import overridden
from boxship.cli.contexts.selection import DEFAULT
from boxship.cli.contexts.store import ContextStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    name = arguments.positional[0]
    wanted = "" if name == DEFAULT else name
    if wanted:
        ContextStore(app.settings.directory).read(wanted)
    if app.settings.text("currentContext") != wanted:
        app.settings.change("currentContext", wanted)
    app.print(name)
    app.warn(f'Current context is now "{name}"')
    warning = overridden(f'"{name}"')
    if warning and wanted:
        app.warn(warning)
    return 0


COMMAND = Command(_run, "CONTEXT", least=1, most=1)
