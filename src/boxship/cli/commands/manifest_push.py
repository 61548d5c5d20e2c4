"""``boxship manifest push``: send a list of manifests to a registry."""

from __future__ import annotations

import json

from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import switch
from boxship.cli.manifests import entries, names
from boxship.cli.manifests.remote import Remote
from boxship.cli.manifests.store import ManifestStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.manifests.names import Name


def _run(app: App, arguments: Arguments) -> int:
    of = names.parse(arguments.positional[0])
    store = ManifestStore(app.settings.directory)
    found = store.entries(of)
    sources = [_source(of, entry) for entry in found]
    remote = Remote(app, arguments.on("insecure"))
    for entry, source in zip(found, sources, strict=True):
        descriptor = entry["Descriptor"]
        target = of.at(descriptor["digest"])
        digest = remote.put(target, entries.raw(entry), descriptor["mediaType"], source.repository)
        app.print(f"Pushed ref {target} with digest: {digest}")
    document = entries.make_list(found)
    data = json.dumps(document, indent=3, ensure_ascii=False).encode()
    app.print(remote.put(of.full, data, document["mediaType"]))
    if arguments.on("purge"):
        store.remove(of)
    return 0


def _source(of: Name, entry: dict[str, Any]) -> Name:
    """Where the manifest and its blobs are; :class:`Failed` where it cannot go into the list."""
    source = names.parse(str(entry.get("Ref", "")))
    platform = entry["Descriptor"].get("platform") or {}
    if not platform.get("os") or not platform.get("architecture"):
        raise Failed(
            f"manifest {source.full} must have an OS and Architecture to be pushed to a registry"
        )
    if source.domain != of.domain:
        raise Failed(
            "cannot use source images from a different registry than the target image: "
            f"{source.domain} != {of.domain}"
        )
    return source


COMMAND = Command(
    _run,
    "[OPTIONS] MANIFEST_LIST",
    (
        switch("insecure", "Take any certificate, or none, of the registry"),
        switch("purge", "Forget the list here afterwards", "p"),
    ),
    least=1,
    most=1,
)
