"""``boxship manifest create``: begin a list of manifests."""

from __future__ import annotations

from boxship.base.errors import InvalidParameter
from boxship.cli.command import MANY, Command
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import switch
from boxship.cli.manifests import names
from boxship.cli.manifests.remote import Remote
from boxship.cli.manifests.store import ManifestStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.manifests.names import Name


def _run(app: App, arguments: Arguments) -> int:
    of = _list_name(arguments.positional[0])
    store = ManifestStore(app.settings.directory)
    if store.exists(of) and not arguments.on("amend"):
        raise Failed("refusing to amend an existing manifest list with no --amend flag")
    remote = Remote(app, arguments.on("insecure"))
    wanted = [names.parse(text) for text in arguments.positional[1:]]
    found = [(name, store.get(of, name) or remote.entry(name)) for name in wanted]
    for name, entry in found:
        store.save(of, name, entry)
    app.print(f"Created manifest list {of.shown}")
    return 0


def _list_name(text: str) -> Name:
    try:
        return names.parse(text)
    except InvalidParameter as error:
        raise Failed(f"error parsing name for manifest list {text}: {error}") from None


COMMAND = Command(
    _run,
    "MANIFEST_LIST MANIFEST [MANIFEST...]",
    (
        switch("amend", "Add to a list that there is", "a"),
        switch("insecure", "Take any certificate, or none, of the registry"),
    ),
    least=2,
    most=MANY,
)
