"""Who a client says it is: the ``X-Registry-Auth`` header of the Engine API."""

import base64
import binascii
from dataclasses import dataclass, field

import msgspec

_MOST = 64 << 10


class _AuthConfig(msgspec.Struct):
    """API definition AuthConfig."""

    username: str | None = None
    password: str | None = None
    auth: str | None = None
    identitytoken: str | None = None
    registrytoken: str | None = None
    serveraddress: str | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one registry knows a user by; all empty for nobody."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """The value of an Authorization header, "" without a password."""
        if not self.username or not self.password:
            return ""
        pair = f"{self.username}:{self.password}".encode("utf-8", "surrogateescape")
        return "Basic " + base64.b64encode(pair).decode()


ANONYMOUS = Credentials()


def from_header(header: str) -> Credentials:
    """Credentials in *header*, base64 (either alphabet, padded or not) of JSON.

    Something else is nobody's: there are clients that fill the header with any word.
    """
    if not header.strip() or len(header) > _MOST:
        return ANONYMOUS
    text = header.strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        config = msgspec.json.decode(data or b"{}", type=_AuthConfig | None)
    except (binascii.Error, ValueError, RecursionError):
        # msgspec's errors are ValueErrors.
        return ANONYMOUS
    if config is None:
        return ANONYMOUS
    return make(
        config.username, config.password, config.auth, config.identitytoken, config.registrytoken
    )


def make(
    username: str | None,
    password: str | None,
    auth: str | None = None,
    identity_token: str | None = None,
    registry_token: str | None = None,
) -> Credentials:
    """*auth* is base64 of ``user:password``, for clients that send nothing else."""
    if auth and not username:
        username, password = _split(auth)
    return Credentials(username or "", password or "", identity_token or "", registry_token or "")


def _split(auth: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(auth, validate=True).decode()
    except ValueError:
        return "", ""
    user, _, password = text.partition(":")
    return user, password.rstrip("\0")
