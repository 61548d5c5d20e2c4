"""Which registries the engine talks to, and how."""

import os

from boxship.base.errors import BoxshipError
from boxship.images.reference import Reference
from boxship.registry import proxies
from boxship.registry.credentials import Credentials
from boxship.registry.errors import Refused
from boxship.registry.http import Http
from boxship.registry.repository import Repository
from boxship.registry.session import Session
from boxship.registry.settings import RegistrySettings


class Registries:
    """Opens repositories. Owns the connections; belongs to the running loop."""

    def __init__(self, settings: RegistrySettings) -> None:
        self.settings = settings
        self.http = Http(proxies.from_environment(os.environ), settings.tls)

    def close(self) -> None:
        self.http.close()

    async def candidates(
        self, name: Reference, credentials: Credentials, push: bool = False
    ) -> list[Repository]:
        """Where *name*'s repository can be reached, best first; the last one always is the
        registry itself. Mirrors that do not answer are left out."""
        found: list[Repository] = []
        endpoints = self.settings.endpoints(name.domain, push)
        for endpoint in endpoints:
            session = Session(self.http, endpoint, credentials if not endpoint.mirror else _NOBODY)
            try:
                await session.open()
            except BoxshipError:
                if not endpoint.mirror:
                    raise
                continue
            found.append(Repository(session, name.path))
        return found

    async def login(self, domain: str, credentials: Credentials) -> None:
        """:class:`Refused` when the registry does not accept *credentials*."""
        for endpoint in self.settings.endpoints(domain, push=True):
            session = Session(self.http, endpoint, credentials)
            await session.open()
            async with session.request("GET", session.base) as answer:
                await answer.read(_MOST)


_NOBODY = Credentials()
_MOST = 64 << 10


def is_refusal(error: BoxshipError, *codes: str) -> bool:
    """Whether a registry said one of *codes*."""
    return isinstance(error, Refused) and error.has(*codes)
