"""The ways by which an image comes: tokens that run out, other hosts, mirrors, busy registries.

The store is real, its workers are processes; only the registries are ours.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from boxship.base.errors import BoxshipError
from boxship.engine.sharing.sharing import Sharing
from boxship.registry.credentials import ANONYMOUS, Credentials
from boxship.registry.hosts import read_hosts
from boxship.registry.settings import RegistrySettings
from support.fake_registry import Asked, FakeRegistry, Reply, archive, ranged, running
from support.image_store import Store, opened
from support.requirements import require_root
from support.waiting import comes_true

SMALL = archive({"etc/name": b"small"})
BIG = archive({"big": os.urandom(3 << 20)})
ME = Credentials("me", "secret")
Scenario = Callable[["Way"], Awaitable[Any]]


class Way:
    """A store, and two registries: ``home`` is the one that images are named after."""

    def __init__(self, store: Store, home: FakeRegistry, other: FakeRegistry) -> None:
        self.store, self.home, self.other = store, home, other
        self.settings = RegistrySettings()
        self._sharing: Sharing | None = None

    @property
    def sharing(self) -> Sharing:
        if self._sharing is None:
            self._sharing = Sharing(self.store.images, self.settings, lambda *event: None)
        return self._sharing

    async def pull(self, tag: str = "v1", known: Credentials = ANONYMOUS) -> str:
        """The last line, or the error."""
        image = f"{self.home.host}/a/b"
        try:
            async with aclosing(self.sharing.pull(image, tag, "linux/amd64", known)) as found:
                last = [message async for message in found][-1]
        except BoxshipError as error:
            return str(error)
        return str(last.get("error") or last["status"])

    def close(self) -> None:
        if self._sharing is not None:
            self._sharing.close()

    def is_empty(self) -> bool:
        kept = [*self.store.images.blobs, *(self.store.root / "layers" / "sha256").iterdir()]
        return not kept and not list((self.store.root / "staging").iterdir())


def against(root: Path, scenario: Scenario) -> None:
    require_root()

    async def run() -> None:
        async with opened(root) as store, running() as home, running() as other:
            way = Way(store, home, other)
            try:
                await scenario(way)
            finally:
                way.close()

    asyncio.run(run())


def layer_path(manifest: dict[str, Any], number: int) -> str:
    return f"/v2/a/b/blobs/{manifest['layers'][number]['digest']}"


def done(said: str) -> bool:
    return said.startswith("Status: Downloaded newer image")


def test_tokens_run_out_and_connections_break_in_the_middle(tmp_path: Path) -> None:
    async def scenario(way: Way) -> None:
        home = way.home
        manifest = home.image("a/b", "v1", [SMALL, BIG])
        path = layer_path(manifest, 1)
        honest, cuts, left = home.routes[path], [1 << 20, 1 << 20], {}

        def gate(asked: Asked) -> Reply | None:
            if asked.path == "/token":
                token = f"t{len(left)}"
                left[f"Bearer {token}"] = 2  # requests
                return Reply(body=json.dumps({"token": token, "expires_in": 300}).encode())
            known = asked.headers.get("authorization", "")
            if left.get(known):
                left[known] -= 1
                return None
            realm = f'Bearer realm="{home.base}/token",service="s"'
            return Reply(401, {"WWW-Authenticate": realm})

        def breaking(asked: Asked) -> Reply:
            reply = honest(asked)
            assert isinstance(reply, Reply)
            reply.cut = cuts.pop() if cuts else None
            return reply

        home.gate, home.routes[path] = gate, breaking
        assert done(await way.pull())
        assert len(left) > 2 and not cuts

    against(tmp_path, scenario)


def test_blobs_at_another_host_are_fetched_without_the_password(tmp_path: Path) -> None:
    async def scenario(way: Way) -> None:
        manifest = way.home.image("a/b", "v1", [SMALL, BIG])
        path = layer_path(manifest, 1)
        way.other.routes[path] = way.home.routes[path]
        way.home.serve(path, Reply(307, {"Location": f"{way.other.base}{path}"}))

        def gate(asked: Asked) -> Reply | None:
            known = "authorization" in asked.headers
            return None if known else Reply(401, {"WWW-Authenticate": "Basic realm=x"})

        way.home.gate = gate
        assert done(await way.pull(known=ME))
        assert way.other.asked and not any(
            "authorization" in one.headers for one in way.other.asked
        )

    against(tmp_path, scenario)


def test_any_registry_may_have_mirrors_and_takes_over_inside_a_layer(tmp_path: Path) -> None:
    async def scenario(way: Way) -> None:
        mirrors = {way.home.host: {"mirrors": [f"{way.other.host}/copy"]}}
        way.settings = RegistrySettings(hosts=read_hosts(mirrors))
        manifest = way.home.image("a/b", "v1", [SMALL, BIG])
        way.other.image("copy/a/b", "v1", [SMALL, BIG])
        path = layer_path(manifest, 1)
        there = path.replace("/v2/a/b", "/v2/copy/a/b")
        data = way.home.routes[path](Asked("GET", path, {}, b""))
        assert isinstance(data, Reply)
        begun = [True]

        def failing(asked: Asked) -> Reply:
            return ranged(asked, data.body, cut=1 << 20) if begun.pop() else Reply(404)

        def once(asked: Asked) -> Reply:
            return failing(asked) if begun else Reply(404)

        way.other.routes[there] = once
        assert done(await way.pull(known=ME))
        assert not any("authorization" in one.headers for one in way.other.asked)
        (asked,) = [one for one in way.home.asked if one.path == path]
        assert asked.headers["range"] == f"bytes={1 << 20}-"

    against(tmp_path, scenario)


@pytest.mark.parametrize("path", ["manifests/v1", "config", "layer"])
def test_busy_registries_are_asked_again_when_they_say(tmp_path: Path, path: str) -> None:
    async def scenario(way: Way) -> None:
        manifest = way.home.image("a/b", "v1", [SMALL])
        config = f"/v2/a/b/blobs/{manifest['config']['digest']}"
        where = {"config": config, "layer": layer_path(manifest, 0)}.get(path, f"/v2/a/b/{path}")
        honest, busy = way.home.routes[where], ["0", "0"]

        def answer(asked: Asked) -> Reply | Awaitable[Reply]:
            return Reply(429, {"Retry-After": busy.pop()}) if busy else honest(asked)

        way.home.routes[where] = answer
        assert done(await way.pull())
        busy += ["3600"]
        way.home.image("a/b", "v2", [BIG])
        way.home.serve("/v2/a/b/manifests/v2", Reply(429, {"Retry-After": "3600"}))
        assert "toomanyrequests" in await way.pull("v2")

    against(tmp_path, scenario)


def test_tags_that_are_none_are_refused(tmp_path: Path) -> None:
    async def scenario(way: Way) -> None:
        way.home.image("a/b", "v1", [SMALL])
        tags = json.dumps({"name": "a/b", "tags": ["../../../etc/passwd", "v1"]}).encode()
        way.home.serve("/v2/a/b/tags/list", Reply(body=tags))
        assert await way.pull("") == "invalid tag format"
        assert way.is_empty()
        assert not any(".." in one.target for one in way.home.asked)

    against(tmp_path, scenario)


@pytest.mark.parametrize(
    ("config", "text"),
    [
        (b"[" * 100_000, "invalid image configuration"),
        (b'{"rootfs": {"diff_ids": ["../../x"]}}', "digest"),
        (b'{"x": "' + b"y" * (10 << 20) + b'"}', "configuration exceeds"),
        (b"\xff\xfe", "invalid image configuration"),
        (b'{"history": [1]}', "cannot unmarshal number"),
        (b'{"author": ["x"]}', "cannot unmarshal array"),
        (b'{"os": {}, "architecture": 5}', "cannot unmarshal"),
        (b'{"config": {"Env": "A=b"}, "created": NaN}', "invalid"),
    ],
)
def test_configurations_that_are_none(tmp_path: Path, config: bytes, text: str) -> None:
    async def scenario(way: Way) -> None:
        manifest = way.home.image("a/b", "v1", [SMALL])
        row = {**manifest["config"], **way.home.blob("a/b", config)}
        way.home.manifest("a/b", "v1", {**manifest, "config": row})
        assert text in await way.pull()
        assert way.is_empty()

    against(tmp_path, scenario)


def test_who_shares_a_layer_may_go_and_the_last_one_stops_it(tmp_path: Path) -> None:
    async def scenario(way: Way) -> None:
        manifest = way.home.image("a/b", "v1", [BIG])
        path = layer_path(manifest, 0)
        honest = way.home.routes[path]
        gone = asyncio.Event()

        async def waiting(asked: Asked) -> Reply:
            await gone.wait()
            reply = honest(asked)
            assert isinstance(reply, Reply)
            return reply

        def asked() -> int:
            return len([one for one in way.home.asked if one.path == path])

        way.home.routes[path] = waiting
        first, second = (asyncio.create_task(way.pull()) for _ in range(2))
        assert await comes_true(lambda: asked() == 1)
        manifests = "/v2/a/b/manifests/v1"
        assert await comes_true(
            lambda: len([one for one in way.home.asked if one.path == manifests]) == 2
        )
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        gone.set()
        assert done(await second) and asked() == 1

    against(tmp_path, scenario)
