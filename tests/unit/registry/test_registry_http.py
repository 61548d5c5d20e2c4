"""The HTTP client against servers that misbehave."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from boxship.registry.errors import Interrupted, ProtocolError, TransportError
from boxship.registry.http import Http, content
from boxship.registry.proxies import Proxies, Proxy
from boxship.registry.settings import RegistrySettings
from boxship.registry.url import parse
from support.fake_registry import Asked, FakeRegistry, Reply, running

SECRET = {"Authorization": "Basic c2VjcmV0OnNlY3JldA=="}


def against(scenario: Callable[[Http, FakeRegistry], Awaitable[Any]], stall: float = 5.0) -> Any:
    async def run() -> Any:
        async with running() as registry:
            http = Http(Proxies(), RegistrySettings().tls, stall)
            try:
                return await scenario(http, registry)
            finally:
                http.close()

    return asyncio.run(run())


async def get(http: Http, url: str, limit: int = 1 << 20, **headers: str) -> tuple[int, bytes]:
    async with http.request("GET", parse(url), headers) as answer:
        return answer.status, await answer.read(limit)


def test_a_connection_is_used_again() -> None:
    async def scenario(http: Http, registry: FakeRegistry) -> int:
        registry.serve("/x", Reply(body=b"one"))
        registry.serve("/none", Reply(204))
        for path in ("/x", "/x", "/missing", "/none", "/x"):
            await get(http, f"{registry.base}{path}")
        async with http.request("HEAD", parse(f"{registry.base}/x"), {}) as answer:
            assert answer.length == 3
        assert await get(http, f"{registry.base}/x") == (200, b"one")
        return registry.connections

    assert against(scenario) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"one", headers={"Connection": "close"}),
        Reply(body=b"oneHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo", length=3),
        Reply(body=b"one", length=None, cut=3),
    ],
)
def test_a_connection_that_says_more_or_ends_is_not_used_again(reply: Reply) -> None:
    async def scenario(http: Http, registry: FakeRegistry) -> int:
        registry.serve("/x", reply)
        assert await get(http, f"{registry.base}/x") == (200, b"one")
        registry.serve("/x", Reply(body=b"two"))
        assert await get(http, f"{registry.base}/x") == (200, b"two")
        return registry.connections

    assert against(scenario) == 2


def test_a_kept_connection_that_was_closed_is_replaced() -> None:
    async def scenario(http: Http, registry: FakeRegistry) -> tuple[int, bytes]:
        registry.serve("/x", Reply(body=b"one"))
        await get(http, f"{registry.base}/x")
        registry.serve("/y", Reply(body=b"gone", cut=0))
        with pytest.raises(Interrupted):
            await get(http, f"{registry.base}/y")
        return await get(http, f"{registry.base}/x")

    assert against(scenario) == (200, b"one")


def test_redirects_to_another_host_lose_the_credentials() -> None:
    async def scenario(http: Http, registry: FakeRegistry) -> None:
        async with running() as other:
            other.serve("/blob", Reply(body=b"data"))
            registry.serve("/x", Reply(307, {"Location": f"{other.base}/blob"}))
            registry.serve("/y", Reply(307, {"Location": "/z"}))
            registry.serve("/z", Reply(body=b"here"))
            assert await get(http, f"{registry.base}/x", **SECRET) == (200, b"data")
            assert "authorization" not in other.asked[0].headers
            assert await get(http, f"{registry.base}/y", **SECRET) == (200, b"here")
            assert registry.asked[-1].headers["authorization"] == SECRET["Authorization"]

    against(scenario)


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "http://user:pw@h/", "//[bad", "http://a b/", "gopher://x/"]
)
def test_hostile_redirects_are_refused(location: str) -> None:
    async def scenario(http: Http, registry: FakeRegistry) -> None:
        registry.serve("/x", Reply(302, {"Location": location}))
        with pytest.raises(ProtocolError):
            await get(http, f"{registry.base}/x")

    against(scenario)


def test_redirects_end() -> None:
    async def scenario(http: Http, registry: FakeRegistry) -> None:
        registry.serve("/x", Reply(302, {"Location": "/x"}))
        with pytest.raises(ProtocolError, match="redirects"):
            await get(http, f"{registry.base}/x")
        assert len(registry.asked) == 6

    against(scenario)


def test_bodies_and_headers_are_bounded() -> None:
    async def scenario(http: Http, registry: FakeRegistry) -> None:
        registry.serve("/long", Reply(body=b"x" * 2000))
        registry.serve("/lying", Reply(body=b"x" * 65536, length=None, endless=True))
        registry.serve("/head", Reply(headers={f"X-{i}": "y" * 1000 for i in range(100)}))
        for path in ("long", "lying", "head"):
            with pytest.raises(ProtocolError, match="exceed"):
                await get(http, f"{registry.base}/{path}", 1000)

    against(scenario)


def test_what_breaks_off_or_stalls_is_no_answer() -> None:
    async def scenario(http: Http, registry: FakeRegistry) -> None:
        registry.serve("/cut", Reply(body=b"x" * 100, cut=10))
        registry.serve("/stall", Reply(body=b"x" * 100, cut=10, stall=True))
        with pytest.raises(Interrupted, match="unexpected EOF"):
            await get(http, f"{registry.base}/cut")
        with pytest.raises(Interrupted, match="no data"):
            await get(http, f"{registry.base}/stall")

    against(scenario, stall=0.2)


def test_drops_now_and_then_are_no_answer() -> None:
    async def scenario(http: Http, registry: FakeRegistry) -> None:
        registry.serve("/stream", Reply(body=b"x" * 1000, slow=0.02))
        async with http.request("GET", parse(f"{registry.base}/stream"), {}) as answer:
            with pytest.raises(Interrupted, match="bytes in"):
                assert [chunk async for chunk in answer.chunks()] == []

    against(scenario, stall=0.2)


def test_documents_have_to_come_in_time() -> None:
    async def scenario(http: Http, registry: FakeRegistry) -> None:
        registry.serve("/x", Reply(body=b"x" * 65536, length=None, endless=True, slow=0.01))
        with pytest.raises(Interrupted, match=r"takes too long|no data"):
            await get(http, f"{registry.base}/x", 1 << 40)

    against(scenario, stall=0.2)


def test_registries_may_think_about_what_they_were_sent() -> None:
    async def scenario(http: Http, registry: FakeRegistry) -> int:
        async def thinking(asked: Asked) -> Reply:
            await asyncio.sleep(0.5)
            return Reply(201)

        registry.routes["/x"] = thinking
        body = content(b"data", "text/plain")
        async with http.request("PUT", parse(f"{registry.base}/x"), {}, body) as answer:
            return answer.status

    assert against(scenario, stall=0.1) == 201


def test_a_body_may_end_with_the_connection() -> None:
    async def scenario(http: Http, registry: FakeRegistry) -> tuple[int, bytes]:
        registry.serve("/x", Reply(body=b"all of it", length=None))
        return await get(http, f"{registry.base}/x")

    assert against(scenario) == (200, b"all of it")


def test_bodies_are_sent_and_header_injection_is_refused() -> None:
    async def scenario(http: Http, registry: FakeRegistry) -> None:
        registry.serve("/x", Reply(201))
        body = content(b"hello", "text/plain")
        async with http.request("PUT", parse(f"{registry.base}/x"), {}, body) as answer:
            assert answer.status == 201
        assert registry.asked[0].body == b"hello"
        with pytest.raises(ProtocolError):
            await get(http, f"{registry.base}/x", Evil="a\r\nHost: b")

    against(scenario)


def test_nothing_listens() -> None:
    async def scenario(http: Http, registry: FakeRegistry) -> None:
        with pytest.raises(TransportError, match="connect: connection refused"):
            await get(http, "http://127.0.0.1:1/")

    against(scenario)


def test_a_proxy_forwards_whole_urls() -> None:
    async def run() -> None:
        async with running() as proxy:
            proxy.serve("http://example.test/v2/x", Reply(body=b"proxied"))
            through = Proxies(http=Proxy("127.0.0.1", proxy.port, "me", "pw"))
            http = Http(through, RegistrySettings().tls)
            assert await get(http, "http://example.test/v2/x") == (200, b"proxied")
            assert proxy.asked[0].headers["host"] == "example.test"
            assert proxy.asked[0].headers["proxy-authorization"] == "Basic bWU6cHc="
            http.close()

    asyncio.run(run())
