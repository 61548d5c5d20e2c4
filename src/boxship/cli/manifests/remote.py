"""Manifests at a registry, which the daemon fetches and sends."""

from __future__ import annotations

import json

from boxship.base.errors import NotFound
from boxship.cli.errors import Failed
from boxship.cli.manifests import entries
from boxship.cli.manifests.names import Name
from boxship.cli.registry.logins import Logins
from boxship.client.query import quote_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.app import App

_INDEXES = (entries.DOCKER_LIST, entries.OCI_INDEX)


class Remote:
    """Asks on behalf of the user's login; *insecure*: any certificate, or none, will do."""

    def __init__(self, app: App, insecure: bool) -> None:
        self._app = app
        self._query = {"insecure": insecure}
        self._logins = Logins(app.settings)

    def fetch(self, name: Name) -> tuple[bytes, str, str]:
        """The manifest or list *name*: content, media type, digest."""
        path = f"/distribution/{quote_name(name.full)}/manifest"
        try:
            answer = self._app.client.call(
                "GET", path, self._query, None, self._logins.header(name.full)
            )
        except NotFound as error:
            if "page not found" in str(error):
                raise Failed("the daemon does not fetch manifests: it is not Boxship's") from None
            raise Failed(f"no such manifest: {name.shown}") from None
        data = answer.read()
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        stated = _document(name, data).get("mediaType") or media_type
        return data, stated, answer.headers.get("docker-content-digest", "")

    def entry(self, name: Name) -> dict[str, Any]:
        """The entry of one image's manifest; :class:`Failed` when *name* is a list."""
        data, media_type, digest = self.fetch(name)
        if is_list(media_type):
            raise Failed(f"{name.shown} is a manifest list")
        return entries.make(name.full, media_type, digest, data, self._platform(name))

    def entries(self, name: Name, data: bytes) -> list[dict[str, Any]]:
        """The entries of the images in the list *data*, which is called *name*."""
        found = []
        for row in _document(name, data).get("manifests") or ():
            digest = row.get("digest", "")
            inner, media_type, _ = self.fetch(Name(name.domain, name.path, "", digest))
            ref = f"{name.full}@{digest}"
            found.append(entries.make(ref, media_type, digest, inner, row.get("platform") or {}))
        return found

    def put(self, target: str, data: bytes, media_type: str, source: str = "") -> str:
        """Have the registry keep a manifest as *target*; its digest. Its blobs are in the
        repository *source*."""
        answer = self._app.client.json(
            "PUT",
            f"/distribution/{quote_name(target)}/manifest",
            {**self._query, "from": source or None},
            data,
            {"Content-Type": media_type, **self._logins.header(target)},
        )
        return str(answer["Digest"])

    def _platform(self, name: Name) -> dict[str, Any]:
        path = f"/distribution/{quote_name(name.full)}/json"
        found = self._app.client.json(
            "GET", path, self._query, None, self._logins.header(name.full)
        )
        rows = found.get("Platforms") or [{}]
        return dict(rows[0])


def is_list(media_type: str) -> bool:
    return media_type in _INDEXES


def _document(name: Name, data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Failed(f"the manifest of {name.shown} is no JSON object")
    return found
