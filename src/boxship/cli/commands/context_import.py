"""``boxship context import``: a context that another machine exported."""

from __future__ import annotations

import sys

from boxship.cli.command import Command
from boxship.cli.contexts.archive import LIMIT, import_context
from boxship.cli.contexts.store import ContextStore, check_name
from boxship.cli.errors import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    name, source = arguments.positional
    check_name(name)
    ContextStore(app.settings.directory).add(import_context(name, _read(source)))
    app.print(name)
    app.warn(f'Successfully imported context "{name}"')
    return 0


def _read(source: str) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read(LIMIT + 1)
    try:
        with open(source, "rb") as file:
            return file.read(LIMIT + 1)
    except OSError as error:
        raise Failed(f"open {source}: {(error.strerror or str(error)).lower()}") from None


COMMAND = Command(_run, "CONTEXT FILE|-", least=2, most=2)
