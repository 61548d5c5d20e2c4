"""Who this user is at each registry."""

from __future__ import annotations

import base64

from boxship.cli.registry.helper import Helper
from boxship.cli.registry.server import host_of, key_of_image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.settings import Settings

# What helpers call the user when the secret is an identity token.
_TOKEN_USER = "<token>"


class Logins:
    """Logins by key (:mod:`boxship.cli.registry.server`), wherever *settings* say that they are.

    A login is a dict in the API's spelling of an AuthConfig; a missing one is empty.
    """

    __slots__ = ("_settings",)

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def get(self, key: str) -> dict[str, str]:
        helper = self._helper(key)
        if helper is not None:
            found = helper.get(key)
            return _login(key, *found) if found else {}
        return _decoded(key, self._row(key))

    def store(self, key: str, user: str, secret: str, identity_token: str = "") -> bool:
        """Keep a login; whether its secret now is in the file, hardly hidden."""
        helper = self._helper(key)
        rows = dict(self._settings.table("auths"))
        if helper is not None:
            helper.store(
                key, *((_TOKEN_USER, identity_token) if identity_token else (user, secret))
            )
            rows[key] = {}
        else:
            pair = f"{user}:{'' if identity_token else secret}".encode("utf-8", "surrogateescape")
            rows[key] = {"auth": base64.b64encode(pair).decode()}
            if identity_token:
                rows[key]["identitytoken"] = identity_token
        self._settings.change("auths", rows)
        return helper is None

    def erase(self, key: str) -> bool:
        """Forget a login; whether there was one."""
        rows = dict(self._settings.table("auths"))
        known = [one for one in rows if one == key or host_of(one) == host_of(key)]
        helper = self._helper(key)
        if helper is not None:
            helper.erase(key)
        for one in known:
            del rows[one]
        if known:
            self._settings.change("auths", rows)
        return bool(known)

    def header(self, image: str) -> dict[str, str]:
        """The request header that tells the daemon who pulls or pushes *image*."""
        from boxship.client.jsontext import dumps

        login = self.get(key_of_image(image))
        return {"X-Registry-Auth": base64.urlsafe_b64encode(dumps(login).encode()).decode()}

    def _helper(self, key: str) -> Helper | None:
        name = self._settings.table("credHelpers").get(key) or self._settings.text("credsStore")
        return Helper(name) if isinstance(name, str) and name else None

    def _row(self, key: str) -> dict[str, Any]:
        rows = self._settings.table("auths")
        row = rows.get(key)
        if row is None:
            row = next((row for one, row in rows.items() if host_of(one) == host_of(key)), {})
        return row if isinstance(row, dict) else {}


def _login(key: str, user: str, secret: str) -> dict[str, str]:
    if user == _TOKEN_USER:
        return {"identitytoken": secret, "serveraddress": key}
    return {"username": user, "password": secret, "serveraddress": key}


def _decoded(key: str, row: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    auth = row.get("auth")
    if isinstance(auth, str) and auth:
        try:
            user, _, password = base64.b64decode(auth).decode().partition(":")
        except ValueError:
            user = password = ""
        found |= {"username": user, "password": password.rstrip("\0")}
    for name in ("identitytoken", "registrytoken"):
        if isinstance(row.get(name), str) and row[name]:
            found[name] = row[name]
    return found | {"serveraddress": key} if found else {}
