"""``boxship context export``: a context as a file for other machines."""

from __future__ import annotations

import os

from boxship.cli.command import Command
from boxship.cli.contexts.archive import export_context
from boxship.cli.contexts.store import ContextStore, check_name
from boxship.cli.errors import Failed
from boxship.cli.pump import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    name, *rest = arguments.positional
    target = rest[0] if rest else f"{name}.dockercontext"
    check_name(name)
    if target == "-":
        if app.output_is_terminal():
            raise Failed("cowardly refusing to export to a terminal, specify a file path")
        write_all(1, export_context(ContextStore(app.settings.directory).read(name)))
        return 0
    if os.path.lexists(target):
        raise Failed(f"open {target}: file exists")
    data = export_context(ContextStore(app.settings.directory).read(name))
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    # It holds keys.
    with open(os.open(target, flags, 0o600), "wb") as file:
        file.write(data)
    app.warn(f'Written file "{target}"')
    return 0


COMMAND = Command(_run, "[OPTIONS] CONTEXT [FILE|-]", least=1, most=2)
