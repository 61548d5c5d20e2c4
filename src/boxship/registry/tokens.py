"""Bearer tokens: fetched from the service that a registry names, kept until they run out.

Docker's token and OAuth2 specifications (distribution project, spec/auth).
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from boxship.registry.challenges import Challenge
from boxship.registry.credentials import Credentials
from boxship.registry.errors import Fault, ProtocolError, Refused, refusal
from boxship.registry.http import Content, Http, content
from boxship.registry.url import Url, parse

_CLIENT = "docker"
_LEAST_LIFE, _EARLY = 60.0, 10.0  # seconds
_MOST_TOKEN = 1 << 20
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Token:
    """``until`` by the monotonic clock; ``refresh`` is an identity token, "" for none."""

    value: str
    until: float
    refresh: str = ""

    @property
    def fresh(self) -> bool:
        return time.monotonic() < self.until


def scope(name: str, *actions: str) -> str:
    """What is asked for: *actions* (``pull``, ``push``) on the repository *name*."""
    return f"repository:{name}:{','.join(actions)}"


class Tokens:
    """Gets and keeps tokens for one registry on behalf of *credentials*."""

    def __init__(self, http: Http, credentials: Credentials, insecure: bool) -> None:
        self._http = http
        self._credentials = credentials
        self._insecure = insecure
        self._kept: dict[frozenset[str], Token] = {}
        # What a login asks for: a token that stands for user and password from then on.
        self.wants_identity = False
        self.identity_token = ""

    def kept(self, scopes: frozenset[str]) -> str:
        """A token that is still good, or ""."""
        if self._credentials.registry_token:
            return self._credentials.registry_token
        token = self._kept.get(scopes)
        return token.value if token is not None and token.fresh else ""

    async def fetch(self, challenge: Challenge, scopes: frozenset[str], origin: Url) -> str:
        """A new token. :class:`Refused` when the service gives none."""
        realm = parse(challenge.parameters.get("realm", ""))
        if origin.scheme == "https" and realm.scheme != "https" and not self._insecure:
            raise ProtocolError(f"{origin.authority}: refusing to fetch a token without TLS")
        wanted = _scopes(scopes, challenge)
        service = challenge.parameters.get("service", "")
        method, url, headers, body = self._request(realm, service, wanted)
        led = url.host != origin.host
        async with self._http.request(method, url, headers, body, self._insecure, led) as answer:
            data = await answer.read(_MOST_TOKEN)
            if answer.status != 200:
                retry_after = answer.headers.get("retry-after", "")
                raise refusal(answer.status, data, str(realm), retry_after)
        token = read_token(data, time.monotonic())
        self._kept[scopes] = token
        self.identity_token = token.refresh or self.identity_token
        return token.value

    def _request(
        self, realm: Url, service: str, wanted: list[str]
    ) -> tuple[str, Url, dict[str, str], Content | None]:
        known = self._credentials
        if known.identity_token:
            form = {
                "grant_type": "refresh_token",
                # A service may hand out another one each time.
                "refresh_token": self.identity_token or known.identity_token,
                "client_id": _CLIENT,
                "service": service,
                "scope": " ".join(wanted),
            }
            return "POST", realm, {}, content(urlencode(form).encode(), _FORM)
        pairs = [("service", service)] if service else []
        pairs += [("scope", one) for one in wanted]
        headers = {}
        if known.basic:
            pairs.append(("account", known.username))
            headers["Authorization"] = known.basic
            if self.wants_identity:
                pairs += [("client_id", _CLIENT), ("offline_token", "true")]
        query = urlencode(pairs, quote_via=quote, safe=":,/")
        return "GET", realm.with_query(query) if query else realm, headers, None


def _scopes(scopes: Iterable[str], challenge: Challenge) -> list[str]:
    ours = sorted(scopes)
    named = challenge.parameters.get("scope", "").split()
    return ours or named


def read_token(data: bytes, now: float) -> Token:
    """The token in a service's answer. *now* by the monotonic clock."""
    try:
        document: Any = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise ProtocolError("the token service answered with something else than JSON") from None
    if not isinstance(document, dict):
        raise ProtocolError("the token service answered with something else than an object")
    value = document.get("token") or document.get("access_token")
    if not isinstance(value, str) or not value:
        raise Refused(401, (Fault("UNAUTHORIZED", "authentication required"),), "")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ProtocolError("the token service answered with a malformed token")
    life = document.get("expires_in")
    seconds = float(life) if isinstance(life, int) and 0 < life < 1 << 31 else _LEAST_LIFE
    refresh = document.get("refresh_token")
    kept = refresh if isinstance(refresh, str) and refresh.isprintable() else ""
    return Token(value, now + max(seconds, _EARLY + 1) - _EARLY, kept)
