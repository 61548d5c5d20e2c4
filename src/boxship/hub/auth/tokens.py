"""Access tokens: short-lived JSON web tokens (RFC 7519) that say what their bearer may do."""

import contextlib
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from boxship.hub.auth.scopes import RIGHT_OF_ACTION
from boxship.hub.storage.records import Right

LIFETIME = 300
_ISSUER = "boxship-hub"
_REMEMBERED = 1000
_ALGORITHMS = ["HS256"]


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a token was given to (None: somebody without a name), and for what."""

    user: str | None
    most: Right
    rights: dict[str, Right]


def key_from(path: Path) -> bytes:
    """The signing key in *path*, made when missing; readable by its owner alone."""
    if not path.exists():
        temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(fd, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(fd)
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)  # whoever is first decides
        os.unlink(temporary)
    return path.read_bytes()


class Tokens:
    """Signs and checks tokens with *key*, which all processes of a hub share."""

    def __init__(self, key: bytes) -> None:
        self._key = OctKey.import_key(key)
        self._valid: OrderedDict[str, tuple[float, Bearer]] = OrderedDict()

    def sign(
        self, user: str | None, most: Right, service: str, access: Iterable[tuple[str, list[str]]]
    ) -> str:
        """A token for *user* with the actions on each repository of *access*."""
        now = int(time.time())
        claims = {
            "iss": _ISSUER,
            "sub": user or "",
            "aud": service,
            "iat": now,
            "nbf": now - 10,
            "exp": now + LIFETIME,
            "most": int(most),
            "access": [
                {"type": "repository", "name": name, "actions": actions} for name, actions in access
            ],
        }
        return jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, self._key)

    def check(self, text: str) -> Bearer | None:
        """What *text* grants; None when it is not ours or too old."""
        expires, bearer = self._valid.get(text) or (0.0, None)
        if time.time() < expires:
            return bearer
        self._valid.pop(text, None)
        return self._decode(text)

    def _decode(self, text: str) -> Bearer | None:
        """And remember it: checking a signature takes longer than finding a blob."""
        try:
            claims = jwt.decode(text, self._key, algorithms=_ALGORITHMS).claims
            if claims["iss"] != _ISSUER or not claims["nbf"] <= time.time() < claims["exp"]:
                return None
            rights = {
                entry["name"]: max(map(_right, entry["actions"]), default=Right.NONE)
                for entry in claims["access"]
            }
            bearer = Bearer(claims["sub"] or None, Right(claims["most"]), rights)
        except (JoseError, ValueError, KeyError, TypeError):
            return None
        self._valid[text] = (claims["exp"], bearer)
        if len(self._valid) > _REMEMBERED:
            self._valid.popitem(last=False)
        return bearer


def _right(action: str) -> Right:
    return RIGHT_OF_ACTION[action]
