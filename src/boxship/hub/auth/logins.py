"""From a name and a password, or a stored secret, to a user."""

import hashlib
import ipaddress
import secrets
import time
from dataclasses import dataclass

from boxship.base.errors import NotFound
from boxship.hub.auth.passwords import Passwords
from boxship.hub.storage.metadata import Metadata
from boxship.hub.storage.records import Right, Secret, User
from boxship.oci.distribution.errors import DistributionError

_WINDOW = 60.0
# Failed attempts in a window, for one name from one address, an address, and a name.
_PER_PAIR, _PER_ADDRESS, _PER_NAME = 5, 30, 60
_MACHINE = "bxp_"


@dataclass(frozen=True, slots=True)
class Login:
    """A user, the most that this way in allows, and the secret that was shown, if any."""

    user: User
    most: Right
    secret: Secret | None = None


def digest_of(secret: str) -> str:
    """What the store keeps of a secret: it has 256 random bits, a plain hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def network_of(address: str) -> str:
    """Return what failed logins of *address* count for: an IPv6 client owns its whole /64."""
    try:
        found = ipaddress.ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return str(ipaddress.ip_network((found, 64), strict=False))
        return str(found.ipv4_mapped)
    return str(found)


class Logins:
    """Checks passwords and secrets; counts failures in the store."""

    def __init__(self, metadata: Metadata, passwords: Passwords) -> None:
        self._metadata = metadata
        self._passwords = passwords

    async def by_password(self, name: str, password: str, address: str) -> Login:
        """UNAUTHORIZED when it is wrong, TOOMANYREQUESTS after too many that were.

        A token for machines counts as a password. The attempt is counted before it is checked, so
        that many at once gain nothing.
        """
        name = name[:256]
        network = network_of(address)
        limits = {
            f"pair {name} {network}": _PER_PAIR,
            f"address {network}": _PER_ADDRESS,
            f"name {name}": _PER_NAME,
        }
        wait = await self._metadata.attempt(limits, time.time(), _WINDOW)
        if wait > 0:
            raise DistributionError(
                "TOOMANYREQUESTS",
                "too many failed logins: try again later",
                headers=(("Retry-After", str(int(wait) + 1)),),
            )
        login = await self._check(name, password)
        if login is None:
            raise DistributionError("UNAUTHORIZED", "incorrect username or password")
        await self._metadata.succeeded(list(limits))
        return login

    async def _check(self, name: str, password: str) -> Login | None:
        if password.startswith(_MACHINE):
            login = await self.by_secret(password, "machine")
            return login if login is not None and login.user.name == name else None
        user = await self._metadata.user(name)
        if not await self._passwords.fits(password, user.password if user else None):
            return None
        return Login(user, Right.ADMIN) if user else None

    async def by_secret(self, secret: str, kind: str) -> Login | None:
        """The login that *secret* stands for, when it is of that *kind* and has not expired."""
        found = await self._metadata.secret(digest_of(secret), time.time())
        if found is None or found.kind != kind:
            return None
        user = await self._metadata.user(found.user)
        return Login(user, found.most, found) if user else None

    async def issue(self, user: str, kind: str, label: str, most: Right, seconds: float) -> str:
        """Return a new secret, which lives forever with 0 *seconds*; only a hash is kept."""
        text = (_MACHINE if kind == "machine" else "") + secrets.token_urlsafe(32)
        now = time.time()
        record = Secret(0, user, kind, label, most, now, now + seconds if seconds else None)
        if not await self._metadata.add_secret(record, digest_of(text)):
            raise NotFound(f"no such user: {user}")
        return text

    async def derive(self, login: Login, kind: str, label: str, most: Right, seconds: float) -> str:
        """Return a new secret that ends with what *login* was made with.

        Raise UNAUTHORIZED if that was revoked since the login was checked.
        """
        text = secrets.token_urlsafe(32)
        now = time.time()
        origin = login.secret
        expires = now + seconds
        if origin is not None and origin.expires is not None:
            expires = min(expires, origin.expires)
        record = Secret(
            *(0, login.user.name, kind, label, min(most, login.most), now, expires),
            origin=origin.id if origin else None,
        )
        password = None if origin else login.user.password
        if not await self._metadata.add_secret(record, digest_of(text), password):
            raise DistributionError("UNAUTHORIZED", "incorrect username or password")
        return text
