"""``boxship manifest rm``: forget lists of manifests."""

from __future__ import annotations

from boxship.base.errors import NotFound
from boxship.cli.command import MANY, Command
from boxship.cli.errors import Failed
from boxship.cli.manifests import names
from boxship.cli.manifests.store import ManifestStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    store = ManifestStore(app.settings.directory)
    errors = []
    for name in [names.parse(text) for text in arguments.positional]:
        try:
            store.remove(name)
        except NotFound as error:
            errors.append(str(error))
    if errors:
        raise Failed("\n".join(errors))
    return 0


COMMAND = Command(_run, "MANIFEST_LIST [MANIFEST_LIST...]", least=1, most=MANY)
