"""Authentication and repeated attempts, against a registry that asks for both."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from boxship.oci.layout import Descriptor
from boxship.registry import blobs, retry
from boxship.registry.credentials import ANONYMOUS, Credentials
from boxship.registry.errors import Interrupted, ProtocolError, Refused
from boxship.registry.http import Http
from boxship.registry.proxies import Proxies
from boxship.registry.repository import Repository
from boxship.registry.session import NoCredentials, Session
from boxship.registry.settings import RegistrySettings
from support.fake_registry import Asked, FakeRegistry, Reply, running

USER = Credentials("me", "pw")
BASIC = "Basic bWU6cHc="


def against(
    scenario: Callable[[Repository, FakeRegistry], Awaitable[Any]],
    credentials: Credentials = ANONYMOUS,
    gate: Callable[[FakeRegistry], Callable[[Asked], Reply | None]] | None = None,
) -> Any:
    async def run() -> Any:
        async with running() as registry:
            if gate:
                registry.gate = gate(registry)
            settings = RegistrySettings()
            http = Http(Proxies(), settings.tls, 2.0)
            session = Session(http, settings.endpoints(registry.host)[0], credentials)
            try:
                await session.open()
                return await scenario(Repository(session, "a/b"), registry)
            finally:
                http.close()

    return asyncio.run(run())


def basic_gate(registry: FakeRegistry) -> Callable[[Asked], Reply | None]:
    def gate(asked: Asked) -> Reply | None:
        if asked.headers.get("authorization") == BASIC:
            return None
        return Reply(401, {"WWW-Authenticate": 'Basic realm="Registry"'})

    return gate


class TokenGate:
    """Lets in who has the newest of its tokens; ``lives`` is how many requests a token is good
    for."""

    def __init__(self, registry: FakeRegistry, lives: int = 1000) -> None:
        self.registry, self.lives = registry, lives
        self.issued = 0
        self.left = 0

    def __call__(self, asked: Asked) -> Reply | None:
        if asked.path == "/token":
            self.issued += 1
            self.left = self.lives
            body = {"token": f"t{self.issued}", "expires_in": 300}
            return Reply(body=json.dumps(body).encode())
        if asked.headers.get("authorization") == f"Bearer t{self.issued}" and self.left > 0:
            self.left -= 1
            return None
        realm = f'Bearer realm="{self.registry.base}/token",service="s",scope="x:y:z"'
        return Reply(401, {"WWW-Authenticate": realm})


def test_anonymous_tokens_name_the_scope() -> None:
    async def scenario(repository: Repository, registry: FakeRegistry) -> None:
        registry.manifest("a/b", "latest", b"{}")
        await repository.manifest("latest")
        await repository.manifest("latest")
        tokens = [one for one in registry.asked if one.path == "/token"]
        assert len(tokens) == 1
        query = parse_qs(urlsplit(tokens[0].target).query)
        assert query == {"service": ["s"], "scope": ["repository:a/b:pull"]}
        assert "authorization" not in tokens[0].headers

    against(scenario, gate=TokenGate)


def test_a_token_that_runs_out_is_renewed() -> None:
    async def scenario(repository: Repository, registry: FakeRegistry) -> None:
        registry.manifest("a/b", "latest", b"{}")
        for _ in range(3):
            await repository.manifest("latest")
        tokens = [one for one in registry.asked if one.path == "/token"]
        assert len(tokens) == 3
        assert all(one.headers["authorization"] == BASIC for one in tokens)
        assert "account=me" in tokens[0].target

    against(scenario, USER, lambda registry: TokenGate(registry, lives=1))


def test_identity_tokens_are_exchanged() -> None:
    async def scenario(repository: Repository, registry: FakeRegistry) -> None:
        registry.manifest("a/b", "latest", b"{}")
        await repository.manifest("latest")
        token = next(one for one in registry.asked if one.path == "/token")
        form = parse_qs(token.body.decode())
        assert token.method == "POST"
        assert form["grant_type"] == ["refresh_token"]
        assert form["refresh_token"] == ["secret"]
        assert form["scope"] == ["repository:a/b:pull"]

    against(scenario, Credentials(identity_token="secret"), TokenGate)


def test_basic_credentials_are_sent_or_missed() -> None:
    async def scenario(repository: Repository, registry: FakeRegistry) -> bytes:
        registry.manifest("a/b", "latest", b"{}")
        return (await repository.manifest("latest")).data

    assert against(scenario, USER, basic_gate) == b"{}"
    with pytest.raises(NoCredentials, match='manifests/latest": no basic auth credentials'):
        against(scenario, ANONYMOUS, basic_gate)
    with pytest.raises(Refused, match="unauthorized: authentication required"):
        against(scenario, Credentials("me", "wrong"), basic_gate)


def test_rights_that_are_missing_are_denied() -> None:
    def gate(registry: FakeRegistry) -> Callable[[Asked], Reply | None]:
        tokens = TokenGate(registry)

        def lacking(asked: Asked) -> Reply | None:
            if asked.path in ("/token", "/v2/"):
                return tokens(asked)
            realm = f'Bearer realm="{registry.base}/token",error="insufficient_scope"'
            return Reply(401, {"WWW-Authenticate": realm})

        return lacking

    async def scenario(repository: Repository, registry: FakeRegistry) -> None:
        await repository.manifest("latest")

    with pytest.raises(Refused, match="denied: requested access to the resource is denied") as it:
        against(scenario, gate=gate)
    assert it.value.faults[0].code == "DENIED"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"token":"a b"}', b'{"token":1}'])
def test_token_services_that_answer_nonsense(body: bytes) -> None:
    def gate(registry: FakeRegistry) -> Callable[[Asked], Reply | None]:
        def answer(asked: Asked) -> Reply | None:
            if asked.path == "/token":
                return Reply(body=body)
            return Reply(401, {"WWW-Authenticate": f'Bearer realm="{registry.base}/token"'})

        return answer

    async def scenario(repository: Repository, registry: FakeRegistry) -> None:
        await repository.manifest("latest")

    with pytest.raises((ProtocolError, Refused)):
        against(scenario, gate=gate)


def test_busy_registries_are_asked_again() -> None:
    async def scenario(repository: Repository, registry: FakeRegistry) -> None:
        replies = [Reply(429, {"Retry-After": "1"}), Reply(body=b"{}")]
        registry.routes["/v2/a/b/manifests/latest"] = lambda asked: replies.pop(0)
        began = time.monotonic()
        assert (await repository.manifest("latest")).data == b"{}"
        assert time.monotonic() - began >= 1

    against(scenario)


def test_nobody_waits_for_an_hour() -> None:
    async def scenario(repository: Repository, registry: FakeRegistry) -> None:
        registry.serve("/v2/a/b/manifests/latest", Reply(503, {"Retry-After": "3600"}))
        with pytest.raises(Refused):
            await repository.manifest("latest")
        assert len(registry.asked) == 2

    against(scenario)


def test_patience_ends() -> None:
    assert [retry.delay(attempt) is None for attempt in range(6)] == [False] * 4 + [True] * 2
    assert retry.delay(0, "7") == 7
    assert retry.delay(0, "86400") is None
    assert retry.delay(0, "Mon, 01 Jan 2001 00:00:00 GMT") == 0
    assert 0 < (retry.delay(0, "soon") or 0) < 1


def test_manifests_are_what_their_digest_says() -> None:
    async def scenario(repository: Repository, registry: FakeRegistry) -> None:
        digest = "sha256:" + "0" * 64
        registry.serve(f"/v2/a/b/manifests/{digest}", Reply(body=b"{}"))
        with pytest.raises(ProtocolError, match="verification failed for digest"):
            await repository.manifest(digest)

    against(scenario)


def test_blobs_in_ranges() -> None:
    data = bytes(range(256)) * 100

    async def read(repository: Repository, blob: Descriptor, offset: int) -> tuple[int, bytes]:
        async with blobs.fetch(repository, blob, offset) as stream:
            return stream.start, b"".join([chunk async for chunk in stream.chunks])

    async def scenario(repository: Repository, registry: FakeRegistry) -> None:
        row = registry.blob("a/b", data)
        blob = Descriptor("", row["digest"], row["size"])
        path = f"/v2/a/b/blobs/{blob.digest}"
        assert await read(repository, blob, 1000) == (1000, data[1000:])
        registry.serve(path, Reply(body=data))
        assert await read(repository, blob, 1000) == (0, data)
        registry.serve(path, Reply(body=data, cut=500))
        with pytest.raises(Interrupted, match="unexpected EOF"):
            await read(repository, blob, 0)
        for lie in (Reply(body=data + b"x"), Reply(body=data, length=None, endless=True)):
            registry.serve(path, lie)
            with pytest.raises(ProtocolError):
                await read(repository, blob, 0)
        registry.serve(path, Reply(206, {"Content-Range": "bytes 0-9/25600"}, data))
        with pytest.raises(ProtocolError, match="another range"):
            await read(repository, blob, 1000)

    against(scenario)


def test_foreign_layers_come_from_their_urls_without_credentials() -> None:
    async def scenario(repository: Repository, registry: FakeRegistry) -> None:
        async with running() as other:
            row = other.blob("x", b"foreign")
            blob = Descriptor("", row["digest"], row["size"])
            url = f"{other.base}/v2/x/blobs/{blob.digest}"
            async with blobs.fetch(repository, blob, 0, (url,)) as stream:
                assert b"".join([chunk async for chunk in stream.chunks]) == b"foreign"
            assert "authorization" not in other.asked[0].headers

    against(scenario, USER, basic_gate)


def test_tags_over_pages_and_pages_without_end() -> None:
    async def scenario(repository: Repository, registry: FakeRegistry) -> None:
        def page(asked: Asked) -> Reply:
            if "last=" in asked.target:
                return Reply(body=b'{"tags":["c"]}')
            link = '</v2/a/b/tags/list?last=b>; rel="next"'
            return Reply(headers={"Link": link}, body=b'{"tags":["a","b"]}')

        registry.routes["/v2/a/b/tags/list"] = page
        assert await repository.tags() == ["a", "b", "c"]
        link = '</v2/a/b/tags/list>; rel="next"'
        registry.serve("/v2/a/b/tags/list", Reply(headers={"Link": link}, body=b'{"tags":["a"]}'))
        with pytest.raises(ProtocolError, match="does not end"):
            await repository.tags()

    against(scenario)
