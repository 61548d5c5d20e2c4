"""Which registries the engine talks to, and how."""

import os
from http import HTTPStatus

from boxship.base.errors import Unauthorized
from boxship.images.reference import Reference
from boxship.registry import proxies
from boxship.registry.credentials import Credentials
from boxship.registry.errors import Refused
from boxship.registry.http import Http
from boxship.registry.repository import Repository
from boxship.registry.session import Session
from boxship.registry.settings import DOCKER_HUB, Endpoint, RegistrySettings


class Registries:
    """Opens repositories. Owns the connections; belongs to the running loop."""

    def __init__(self, settings: RegistrySettings) -> None:
        settings.endpoints(DOCKER_HUB)  # a malformed mirror is better told of now than at a pull
        self._settings = settings
        self._http: Http | None = None

    @property
    def http(self) -> Http:
        """Made when first needed: a proxy that we cannot use is the fault of that request."""
        if self._http is None:
            self._http = Http(proxies.from_environment(os.environ), self._settings.tls)
        return self._http

    def close(self) -> None:
        if self._http is not None:
            self._http.close()

    def candidates(self, name: Reference, credentials: Credentials) -> list[Repository]:
        """Where *name*'s repository may be fetched from, best first, not opened yet; the last one
        is the registry itself. Mirrors are not told who asks."""
        return [
            self._repository(endpoint, name, _NOBODY if endpoint.mirror else credentials)
            for endpoint in self._settings.endpoints(name.domain)
        ]

    async def open(self, name: Reference, credentials: Credentials) -> Repository:
        """*name*'s repository at the registry itself."""
        endpoint = self._settings.endpoints(name.domain, push=True)[0]
        repository = self._repository(endpoint, name, credentials)
        await repository.session.open()
        return repository

    def _repository(
        self, endpoint: Endpoint, name: Reference, credentials: Credentials
    ) -> Repository:
        return Repository(Session(self.http, endpoint, credentials), name.path)

    async def login(self, domain: str, credentials: Credentials) -> None:
        """:class:`Unauthorized` when the registry does not accept *credentials*."""
        for endpoint in self._settings.endpoints(domain, push=True):
            session = Session(self.http, endpoint, credentials)
            await session.open()
            try:
                async with session.request("GET", session.base) as answer:
                    await answer.read(_MOST)
            except Refused as error:
                if error.status not in (401, 403):
                    raise
                status = HTTPStatus(error.status)
                raise Unauthorized(
                    f"login attempt to {session.base} failed with status: "
                    f"{status.value} {status.phrase}"
                ) from None


_NOBODY = Credentials()
_MOST = 64 << 10
