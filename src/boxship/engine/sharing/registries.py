"""Which registries the engine talks to, and how."""

import os
from http import HTTPStatus
from typing import Any

from boxship.base.errors import Unauthorized
from boxship.images.reference import Reference
from boxship.registry import proxies
from boxship.registry.credentials import Credentials
from boxship.registry.errors import Refused
from boxship.registry.http import Http
from boxship.registry.repository import Repository
from boxship.registry.search import search
from boxship.registry.session import Session
from boxship.registry.settings import Endpoint, RegistrySettings
from boxship.registry.trust import Trust


class Registries:
    """Opens repositories. Owns the connections; belongs to the running loop."""

    def __init__(self, settings: RegistrySettings) -> None:
        settings.check()  # a malformed mirror is better told of now than at a pull
        self._settings = settings
        self._http: Http | None = None

    @property
    def settings(self) -> RegistrySettings:
        return self._settings

    def reload(self, settings: RegistrySettings) -> None:
        """What is under way ends by the settings with which it began."""
        settings.check()
        proxies.from_environment(os.environ, settings.proxies)
        self.close()
        self._settings, self._http = settings, None

    @property
    def http(self) -> Http:
        """Made when first needed: a proxy that we cannot use is the fault of that request."""
        if self._http is None:
            chosen = proxies.from_environment(os.environ, self._settings.proxies)
            self._http = Http(chosen, Trust(self._settings).context)
        return self._http

    def close(self) -> None:
        if self._http is not None:
            self._http.close()

    def candidates(
        self, name: Reference, credentials: Credentials, insecure: bool = False
    ) -> list[Repository]:
        """Where *name*'s repository may be fetched from, best first, not opened yet; the last one
        is the registry itself. Mirrors are not told who asks. *insecure*: any certificate of the
        registry, or none, will do."""
        *mirrors, itself = self._settings.endpoints(name.domain)
        itself = itself.without_checks() if insecure else itself
        found = [self._repository(mirror, name, _NOBODY) for mirror in mirrors]
        return [*found, self._repository(itself, name, credentials)]

    async def open(
        self, name: Reference, credentials: Credentials, insecure: bool = False
    ) -> Repository:
        """*name*'s repository at the registry itself."""
        endpoint = self._settings.endpoints(name.domain, push=True)[0]
        endpoint = endpoint.without_checks() if insecure else endpoint
        repository = self._repository(endpoint, name, credentials)
        await repository.session.open()
        return repository

    def _repository(
        self, endpoint: Endpoint, name: Reference, credentials: Credentials
    ) -> Repository:
        path = f"{endpoint.namespace}/{name.path}" if endpoint.namespace else name.path
        return Repository(Session(self.http, endpoint, credentials), path)

    async def search(
        self, domain: str, query: str, credentials: Credentials
    ) -> list[dict[str, Any]]:
        """What the index of *domain* finds; see :func:`boxship.registry.search.search`."""
        return await search(self.http, self._settings, domain, query, credentials)

    async def login(self, domain: str, credentials: Credentials) -> str:
        """The registry's identity token for *credentials*, or "".

        :class:`Unauthorized` when it does not accept them.
        """
        endpoint = self._settings.endpoints(domain, push=True)[0]
        session = Session(self.http, endpoint, credentials)
        try:
            return await session.log_in()
        except Refused as error:
            if error.status not in (401, 403):
                raise
            status = HTTPStatus(error.status)
            raise Unauthorized(
                f"login attempt to {session.base} failed with status: "
                f"{status.value} {status.phrase}"
            ) from None


_NOBODY = Credentials()
