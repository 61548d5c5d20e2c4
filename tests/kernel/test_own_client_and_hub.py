"""Our own client and our own hub, with a way between them that breaks: what was sent once is not
sent again."""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import pytest

from boxship.base.errors import BoxshipError, Unauthorized
from boxship.engine.sharing.messages import Message
from boxship.engine.sharing.sharing import Sharing
from boxship.images.platform import host
from boxship.registry.credentials import ANONYMOUS, Credentials
from boxship.registry.settings import RegistrySettings
from support.fake_registry import archive
from support.hub import PASSWORD, RunningHub, running_hub
from support.image_archives import Image, docker_archive
from support.image_store import Store, opened
from support.requirements import require_root
from support.waiting import comes_true

MB = 1 << 20
BIG = archive({"big": os.urandom(6 * MB)})
IMAGE = Image([BIG], ["first:1"], host().architecture, {"Cmd": ["true"]})
ALICE = Credentials("alice", PASSWORD)
Scenario = Callable[["Between"], Awaitable[Any]]


class Between:
    """An engine's images, a hub, and a relay between them. ``cuts``: after so many bytes in one
    direction the next connections that carry as many break."""

    def __init__(self, store: Store, sharing: Sharing, hub: RunningHub) -> None:
        self.store, self.sharing, self.hub = store, sharing, hub
        self.cuts: dict[str, list[int]] = {"up": [], "down": []}
        self.port = 0

    @property
    def image(self) -> str:
        return f"127.0.0.1:{self.port}/alice/box"

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", self.hub.port)
        ways = [self._way("up", reader, there[1]), self._way("down", there[0], writer)]
        tasks = [asyncio.ensure_future(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            for task in tasks:
                task.cancel()
            # What was carried shall arrive: no reset.
            writer.close()
            there[1].close()

    async def _way(
        self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        count = 0
        with suppress(OSError):
            while data := await reader.read(64 << 10):
                count += len(data)
                if self.cuts[name] and count > self.cuts[name][0]:
                    del self.cuts[name][0]
                    # Of an upload of no bytes yet nobody knows whether it goes on.
                    assert await comes_true(self._has_some)
                    return
                writer.write(data)
                await writer.drain()

    def _has_some(self) -> bool:
        return any(path.stat().st_size > MB for path in self.hub.root.glob("blobs/*/*"))

    def asked(self, line: str) -> int:
        return self.hub.log().count(line)

    async def push(self, known: Credentials = ALICE) -> list[Message]:
        async with aclosing(self.sharing.push(self.image, "v1", None, known)) as messages:
            return [message async for message in messages]

    async def pull(self, known: Credentials = ALICE) -> list[Message]:
        platform = f"linux/{host().architecture}"
        async with aclosing(self.sharing.pull(self.image, "v1", platform, known)) as messages:
            return [message async for message in messages]

    async def failure(self, known: Credentials) -> str:
        try:
            return str((await self.pull(known))[-1].get("error", ""))
        except BoxshipError as error:
            return str(error)

    def layers(self) -> set[str]:
        """Digests of the blobs of which a part was asked for."""
        return set(re.findall(r"blobs/(\S+) 206", self.hub.log()))

    async def forget(self) -> None:
        for name in ("first:1", f"{self.image}:v1"):
            await self.store.images.remove(name, True, False, self.store.containers_using)


def between(root: Path, scenario: Scenario) -> None:
    require_root()
    (root / "image.tar").write_bytes(docker_archive(IMAGE))
    (root / "store").mkdir()

    async def run(hub: RunningHub) -> None:
        async with opened(root / "store") as store:
            await store.load(root / "image.tar")
            sharing = Sharing(store.images, RegistrySettings(), lambda *event: None)
            it = Between(store, sharing, hub)
            server = await asyncio.start_server(it.carry, "127.0.0.1", 0)
            it.port = server.sockets[0].getsockname()[1]
            await store.images.tag("first:1", it.image, "v1")
            try:
                await scenario(it)
            finally:
                sharing.close()
                server.close()

    with running_hub(root) as hub:
        asyncio.run(run(hub))


def test_push_and_pull_go_on_where_they_broke_off(tmp_path: Path) -> None:
    async def scenario(it: Between) -> None:
        it.cuts["up"] = [2 * MB, MB]
        assert "aux" in (await it.push())[-1]
        assert it.cuts["up"] == []
        # One for the layer, which was never begun anew, and one for the configuration.
        assert it.asked("POST /v2/alice/box/blobs/uploads/ 202") == 2
        await it.forget()
        it.cuts["down"] = [2 * MB, MB]
        assert (await it.pull())[-1]["status"].startswith("Status: Downloaded newer image")
        assert it.cuts["down"] == []
        assert [it.asked(f"blobs/{digest} 206") for digest in it.layers()] == [2]
        assert (await it.push())[-1]["aux"]["Tag"] == "v1"

    between(tmp_path, scenario)


def test_logins_and_rights(tmp_path: Path) -> None:
    async def scenario(it: Between) -> None:
        host_name = it.image.partition("/")[0]
        told = await it.sharing.login(host_name, ALICE)
        assert told["Status"] == "Login Succeeded"
        with pytest.raises(Unauthorized):
            await it.sharing.login(host_name, Credentials("alice", "wrong"))
        for known in (ANONYMOUS, Credentials("bob", PASSWORD)):
            assert "denied" in (await it.push(known))[-1]["error"]
        assert "aux" in (await it.push())[-1]
        await it.forget()
        assert "denied" in await it.failure(Credentials("bob", PASSWORD))
        if told["IdentityToken"]:
            await it.pull(Credentials("alice", "", told["IdentityToken"]))
        else:
            await it.pull()
        assert (await it.pull())[-1]["status"].startswith("Status: Image is up to date")

    between(tmp_path, scenario)
