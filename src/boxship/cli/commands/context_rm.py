"""``boxship context rm``: forget contexts."""

from __future__ import annotations

from boxship.base.errors import BoxshipError, Conflict, InvalidParameter
from boxship.cli.command import MANY, Command
from boxship.cli.contexts.selection import DEFAULT
from boxship.cli.contexts.store import ContextStore
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import switch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    errors = []
    for name in arguments.positional:
        try:
            _remove(app, name, arguments.on("force"))
            app.print(name)
        except BoxshipError as error:
            errors.append(str(error))
    if errors:
        raise Failed("\n".join(errors))
    return 0


def _remove(app: App, name: str, force: bool) -> None:
    if name == DEFAULT:
        raise InvalidParameter(f'{name}: context "{name}" cannot be removed')
    store = ContextStore(app.settings.directory)
    if not store.exists(name) and force:
        return
    if store.exists(name) and name == app.context:
        if not force:
            raise Conflict(f'context "{name}" is in use, set -f flag to force remove')
        if app.settings.text("currentContext") == name:
            app.settings.change("currentContext", "")
    store.remove(name)


COMMAND = Command(
    _run,
    "CONTEXT [CONTEXT...]",
    (switch("force", "Also the one in use", "f"),),
    least=1,
    most=MANY,
)
