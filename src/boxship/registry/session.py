"""Requests to one registry: finds out how it is reached, proves who asks, tries again."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from boxship.registry import challenges
from boxship.registry.answer import Answer
from boxship.registry.challenges import Challenge
from boxship.registry.credentials import Credentials
from boxship.registry.errors import (
    DENIED,
    Interrupted,
    ProtocolError,
    Refused,
    TransportError,
    refusal,
)
from boxship.registry.http import Content, Http
from boxship.registry.retry import delay, is_transient
from boxship.registry.settings import Endpoint
from boxship.registry.tokens import Tokens
from boxship.registry.url import Url, parse

_MOST_ERROR = 64 << 10
_NO_SCOPES: frozenset[str] = frozenset()


class Unauthorised(Refused):
    """The registry does not believe us; *renewable*: a new token may help."""

    def __init__(self, refused: Refused, renewable: bool) -> None:
        self.renewable = renewable
        super().__init__(refused.status, refused.faults, str(refused))


class NoCredentials(Refused):
    """The registry wants a password and there is none."""

    def __init__(self, method: str, url: Url) -> None:
        # dockerd looks before it fetches a manifest, and this is the text that its users know.
        shown = "Head" if method == "GET" and "/manifests/" in url.target else method.capitalize()
        super().__init__(401, (), f'{shown} "{url}": no basic auth credentials')


class Session:
    """What one user asks of one *endpoint*. :meth:`open` comes first."""

    def __init__(self, http: Http, endpoint: Endpoint, credentials: Credentials) -> None:
        self._http = http
        self._endpoint = endpoint
        self._credentials = credentials
        self._tokens = Tokens(http, credentials, endpoint.insecure)
        self._challenge: Challenge | None = None
        self._is_open = False
        self.base = parse(f"{endpoint.schemes[0]}://{endpoint.host}{endpoint.prefix}/v2/")

    async def log_in(self) -> str:
        """Have the registry check who asks; its identity token for that, or "".

        :class:`Refused` when it does not believe it.
        """
        self._tokens.wants_identity = True
        await self.open()
        async with self.request("GET", self.base) as answer:
            await answer.read(_MOST_ERROR)
        return self._tokens.identity_token

    async def open(self) -> None:
        """Find the scheme that the endpoint speaks and the way it authenticates, once."""
        if self._is_open:
            return
        failure: Exception | None = None
        for scheme in self._endpoint.schemes:
            self.base = parse(f"{scheme}://{self._endpoint.host}{self._endpoint.prefix}/v2/")
            try:
                await self._ping()
                self._is_open = True
                return
            except (TransportError, ProtocolError) as error:
                failure = error
        raise TransportError(f'Get "{self.base}": {failure}')

    async def _ping(self) -> None:
        insecure = self._endpoint.insecure
        async with self._http.request("GET", self.base, {}, None, insecure) as answer:
            await answer.read(_MOST_ERROR)
            if answer.status == 401:
                self._challenge = self._asked_for(answer)

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: Url,
        scopes: frozenset[str] = _NO_SCOPES,
        headers: Mapping[str, str] | None = None,
        body: Content | None = None,
        good: tuple[int, ...] = (200,),
        patient: bool = True,
    ) -> AsyncIterator[Answer]:
        """The answer, whose status is one of *good*; :class:`Refused` for all others.

        A token that has run out is renewed. Transient failures are retried with back-off, unless
        not *patient*.
        """
        attempt, renewed = 0, False
        while True:
            async with AsyncExitStack() as stack:
                try:
                    fields = {**(headers or {}), **await self._authorization(url, scopes, renewed)}
                    asking = self._http.request(
                        method, url, fields, body, self._endpoint.insecure, self._is_elsewhere(url)
                    )
                    answer = await stack.enter_async_context(asking)
                    if answer.status not in good:
                        raise await self._refusal(method, answer)
                except (Refused, TransportError) as error:
                    failure = error
                else:
                    yield answer
                    return
            if isinstance(failure, Unauthorised) and failure.renewable and not renewed:
                renewed = True
                continue
            if not patient:
                raise failure
            await _wait(attempt, failure)
            attempt += 1

    async def _refusal(self, method: str, answer: Answer) -> Refused:
        data = b"" if method == "HEAD" else await answer.read(_MOST_ERROR)
        retry_after = answer.headers.get("retry-after", "")
        if answer.status != 401:
            return refusal(answer.status, data, str(answer.url), retry_after)
        renewable = self._may_renew(answer)
        if self._needs_password():
            return NoCredentials(method, answer.url)
        found = refusal(answer.status, data, str(answer.url))
        if _lacks_rights(answer):
            found = Refused(401, (DENIED, *found.faults), "")
        return Unauthorised(found, renewable)

    def _is_elsewhere(self, url: Url) -> bool:
        return url.host != self.base.host

    def _needs_password(self) -> bool:
        scheme = self._challenge.scheme if self._challenge else ""
        return scheme == "basic" and not self._credentials.basic

    def _may_renew(self, answer: Answer) -> bool:
        """Whether the answer asks for what we can still give."""
        had = self._challenge
        if answer.url.origin != self.base.origin:
            return False
        self._challenge = self._asked_for(answer) or had
        if self._challenge is None or self._credentials.registry_token:
            return False
        return self._challenge.scheme == "bearer" or (had is None and bool(self._credentials.basic))

    def _asked_for(self, answer: Answer) -> Challenge | None:
        """Nobody to whom a registry leads may say who gets the password (CVE-2020-15157)."""
        return _strongest(answer) if answer.url.origin == self.base.origin else None

    async def _authorization(self, url: Url, scopes: frozenset[str], renew: bool) -> dict[str, str]:
        if url.origin != self.base.origin:
            return {}
        kept = self._tokens.kept(scopes)
        if kept and not renew:
            return {"Authorization": f"Bearer {kept}"}
        if self._challenge is None:
            return {}
        if self._challenge.scheme == "basic":
            basic = self._credentials.basic
            return {"Authorization": basic} if basic else {}
        token = await self._tokens.fetch(self._challenge, scopes, self.base)
        return {"Authorization": f"Bearer {token}"}


def _lacks_rights(answer: Answer) -> bool:
    """RFC 6750, section 3.1: the token is good but does not reach that far."""
    found = challenges.parse(answer.headers.get("www-authenticate", ""))
    return any(one.parameters.get("error") == "insufficient_scope" for one in found)


def _strongest(answer: Answer) -> Challenge | None:
    found = challenges.parse(answer.headers.get("www-authenticate", ""))
    by_scheme = {one.scheme: one for one in reversed(found)}
    bearer = by_scheme.get("bearer")
    if bearer is not None and bearer.parameters.get("realm"):
        return bearer
    return by_scheme.get("basic")


async def _wait(attempt: int, failure: Refused | TransportError) -> None:
    """Wait before the next attempt; raises *failure* when there shall be none."""
    pause = None
    if isinstance(failure, Refused) and is_transient(failure.status):
        pause = delay(attempt, failure.retry_after)
    elif isinstance(failure, Interrupted):
        # What refuses connections now will a second later too; what broke off may not.
        pause = delay(attempt)
    if pause is None:
        raise failure
    await asyncio.sleep(pause)
