"""Registries that want what is not theirs: somebody's password, or patience without end."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from boxship.base.errors import InvalidParameter
from boxship.oci.layout import Descriptor
from boxship.oci.media_types import OCI_MANIFEST
from boxship.registry import blobs, manifests
from boxship.registry.credentials import Credentials
from boxship.registry.errors import ProtocolError, Refused, TransportError
from boxship.registry.http import Http
from boxship.registry.proxies import Proxies
from boxship.registry.repository import Repository
from boxship.registry.session import Session
from boxship.registry.settings import RegistrySettings
from support.fake_registry import Asked, FakeRegistry, Reply, running

USER = Credentials("me", "pw")
BASIC = "Basic bWU6cHc="
DIGEST = "sha256:" + "0" * 64
BLOB = Descriptor("", DIGEST, 10)
Scenario = Callable[[Repository, FakeRegistry, FakeRegistry], Awaitable[Any]]


def against(scenario: Scenario) -> Any:
    """An honest registry, opened with a password, and somebody else."""

    async def run() -> Any:
        async with running() as honest, running() as thief:
            settings = RegistrySettings()
            http = Http(Proxies(), settings.tls, 2.0)
            session = Session(http, settings.endpoints(honest.host)[0], USER)
            try:
                return await scenario(Repository(session, "a/b"), honest, thief)
            finally:
                http.close()

    return asyncio.run(run())


def asks_for_password(registry: FakeRegistry) -> Callable[[Asked], Reply | None]:
    def gate(asked: Asked) -> Reply | None:
        if asked.path == "/token":
            return Reply(body=b'{"token": "worth-nothing"}')
        return Reply(401, {"WWW-Authenticate": f'Bearer realm="{registry.base}/token"'})

    return gate


def knows_us(asked: Asked) -> Reply | None:
    if asked.headers.get("authorization") == BASIC:
        return None
    return Reply(401, {"WWW-Authenticate": 'Basic realm="home"'})


def told(thief: FakeRegistry) -> list[str]:
    return [
        asked.headers["authorization"] for asked in thief.asked if "authorization" in asked.headers
    ]


async def _fetch(repository: Repository, urls: tuple[str, ...] = ()) -> None:
    await repository.session.open()
    async with blobs.fetch(repository, BLOB, 0, urls) as stream:
        async for _ in stream.chunks:
            pass


@pytest.mark.parametrize("way", ["redirect", "urls"])
def test_who_stands_at_the_end_of_a_way_does_not_get_the_password(way: str) -> None:
    async def scenario(repository: Repository, honest: FakeRegistry, thief: FakeRegistry) -> None:
        honest.gate, thief.gate = knows_us, asks_for_password(thief)
        await repository.session.open()
        there = f"{thief.base}/blob"
        if way == "redirect":
            honest.serve(f"/v2/a/b/blobs/{DIGEST}", Reply(307, {"Location": there}))
        with pytest.raises(Refused):
            await _fetch(repository, (there,) if way == "urls" else ())
        # Whom the session believes in later requests is what the attack is about.
        honest.manifest("a/b", "v1", {})
        await repository.manifest("v1")
        assert thief.asked and told(thief) == []
        assert honest.asked[-1].headers["authorization"] == BASIC

    against(scenario)


def test_a_redirected_greeting_says_nothing_about_passwords() -> None:
    async def scenario(repository: Repository, honest: FakeRegistry, thief: FakeRegistry) -> None:
        thief.gate = asks_for_password(thief)
        away = Reply(307, {"Location": f"{thief.base}/v2/"})
        honest.gate = lambda asked: away if asked.path == "/v2/" else None
        honest.manifest("a/b", "v1", {})
        await repository.session.open()
        await repository.manifest("v1")
        assert thief.asked and told(thief) == []
        assert told(honest) == []

    against(scenario)


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "a..example", "xn--a"])
def test_names_that_can_be_none(name: str) -> None:
    async def scenario(repository: Repository, honest: FakeRegistry, thief: FakeRegistry) -> None:
        honest.serve(f"/v2/a/b/blobs/{DIGEST}", Reply(307, {"Location": f"http://{name}/"}))
        with pytest.raises(TransportError, match="no such host"):
            await _fetch(repository)

    against(scenario)


@pytest.mark.parametrize("tags", [b'{"tags": []}', b'{"tags": ["v1"]}'])
def test_pages_that_lead_back(tags: bytes) -> None:
    async def scenario(repository: Repository, honest: FakeRegistry, thief: FakeRegistry) -> None:
        path = "/v2/a/b/tags/list"
        honest.serve(path, Reply(body=tags, headers={"Link": f'<{path}?n=1>; rel="next"'}))
        await repository.session.open()
        with pytest.raises(ProtocolError, match="does not end"):
            await repository.tags()
        assert len([asked for asked in honest.asked if asked.path == path]) == 2

    against(scenario)


def test_chunks_without_content_end() -> None:
    async def scenario(repository: Repository, honest: FakeRegistry, thief: FakeRegistry) -> None:
        framed = {"Transfer-Encoding": "chunked"}
        extension = b"5;" + b"x" * 65536
        reply = Reply(headers=framed, body=extension, length=None, endless=True)
        honest.serve(f"/v2/a/b/blobs/{DIGEST}", reply)
        with pytest.raises(ProtocolError, match="chunks of nothing"):
            await _fetch(repository)

    against(scenario)


@pytest.mark.parametrize(
    "headers",
    [
        {f"X-{number}": "x" * 1000 for number in range(100)},
        {"X": "x" * 100_000},
        {"Location": "http://there/" + "x" * 100_000},
    ],
)
def test_headers_are_bounded(headers: dict[str, str]) -> None:
    async def scenario(repository: Repository, honest: FakeRegistry, thief: FakeRegistry) -> None:
        honest.serve(f"/v2/a/b/blobs/{DIGEST}", Reply(302, headers))
        with pytest.raises(ProtocolError, match="headers exceed"):
            await _fetch(repository)

    against(scenario)


@pytest.mark.parametrize("kind", ["\x1b]0;pwned\x07", "a\nb", "x" * 300])
def test_media_types_reach_no_terminal_as_they_are(kind: str) -> None:
    config = {"mediaType": kind, "digest": DIGEST, "size": 1}
    document = {"schemaVersion": 2, "config": config, "layers": []}
    with pytest.raises(InvalidParameter, match="malformed media type"):
        manifests.parse(json.dumps(document).encode(), OCI_MANIFEST)


@pytest.mark.parametrize("number", ["1" * 5000, "1e999", "-1", "1.5", "true"])
def test_sizes_that_are_none(number: str) -> None:
    text = f'{{"schemaVersion":2,"config":{{"digest":"{DIGEST}","size":{number}}},"layers":[]}}'
    with pytest.raises(InvalidParameter, match="invalid manifest"):
        manifests.parse(text.encode(), OCI_MANIFEST)


@pytest.mark.parametrize(
    "realm", ["file:///etc/passwd", "ftp://x/", "http://user:pw@x/", "//x/", "", "http://a b/"]
)
def test_realms_that_are_none(realm: str) -> None:
    async def scenario(repository: Repository, honest: FakeRegistry, thief: FakeRegistry) -> None:
        challenge = Reply(401, {"WWW-Authenticate": f'Bearer realm="{realm}",service="x"'})
        honest.gate = lambda asked: challenge
        await repository.session.open()
        with pytest.raises((ProtocolError, Refused)):
            await repository.manifest("v1")
        assert told(honest) == []

    against(scenario)
