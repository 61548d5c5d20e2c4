"""``boxship manifest inspect``: show a manifest or a list of manifests."""

from __future__ import annotations

import json

from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import switch
from boxship.cli.manifests import entries, names
from boxship.cli.manifests.remote import Remote, is_list
from boxship.cli.manifests.store import ManifestStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.manifests.names import Name


def _run(app: App, arguments: Arguments) -> int:
    *lists, name = [names.parse(text) for text in arguments.positional]
    remote = Remote(app, arguments.on("insecure"))
    store = ManifestStore(app.settings.directory)
    verbose = arguments.on("verbose")
    if lists:
        entry = store.get(lists[0], name)
        if entry is None:
            raise Failed(f"No such manifest: {name.full}")
        app.print(_shown(entry if verbose else entries.document(entry)))
    elif store.exists(name):
        _print_list(app, store.entries(name), verbose)
    else:
        _print_remote(app, remote, name, verbose)
    return 0


def _print_list(app: App, found: list[dict[str, Any]], verbose: bool) -> None:
    shown = _shown(found) if verbose else _shown(entries.make_list(found), 3)
    app.print(shown)


def _print_remote(app: App, remote: Remote, name: Name, verbose: bool) -> None:
    data, media_type, _ = remote.fetch(name)
    if not is_list(media_type):
        app.print(_shown(remote.entry(name) if verbose else json.loads(data)))
    elif verbose:
        app.print(_shown(remote.entries(name, data)))
    else:
        app.print(_shown(json.loads(data), 3))


def _shown(value: Any, indent: int | str = "\t") -> str:
    return json.dumps(value, indent=indent, ensure_ascii=False)


COMMAND = Command(
    _run,
    "[OPTIONS] [MANIFEST_LIST] MANIFEST",
    (
        switch("insecure", "Take any certificate, or none, of the registry"),
        switch("verbose", "Show descriptor and platform too", "v"),
    ),
    least=1,
    most=2,
)
