"""Pushes to a registry that breaks off, forgets, refuses and stalls: they go on where they were.

The store is real, its workers are processes; only the registry is ours.
"""

import asyncio
import gzip
import hashlib
import json
import os
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from boxship.base.errors import BoxshipError
from boxship.engine.sharing.messages import Message
from boxship.engine.sharing.sharing import Sharing
from boxship.images.platform import host
from boxship.registry.credentials import ANONYMOUS, Credentials
from boxship.registry.settings import RegistrySettings
from support.fake_registry import Asked, FakeRegistry, Reply, archive, running
from support.fake_uploads import Uploads
from support.image_archives import Image, docker_archive
from support.image_store import Store, opened
from support.requirements import require_root
from support.waiting import comes_true

MB = 1 << 20
BIG = archive({"big": os.urandom(6 * MB)})
SMALL = archive({"etc/name": b"small"})
IMAGE = Image([SMALL, BIG], ["push:1"], host().architecture, {"Cmd": ["true"]})
Scenario = Callable[["Pushing"], Awaitable[Any]]


class Pushing:
    """A store with an image, a registry that takes it, and pushes."""

    def __init__(self, registry: FakeRegistry, store: Store, sharing: Sharing) -> None:
        self.registry, self.store, self.sharing = registry, store, sharing
        self.uploads = Uploads(registry)

    async def push(self, name: str = "a/b", known: Credentials = ANONYMOUS) -> list[Message]:
        image = f"{self.registry.host}/{name}"
        await self.store.images.tag("push:1", image, "v1")
        async with aclosing(self.sharing.push(image, "v1", None, known)) as messages:
            return [message async for message in messages]

    async def failure(self) -> str:
        try:
            messages = await self.push()
        except BoxshipError as error:
            return str(error)
        return str(messages[-1].get("error", ""))

    def is_whole(self, name: str = "a/b") -> bool:
        """Whether the registry has the image: every blob that the manifest names, of that size,
        and the layers inflate to those of the configuration."""
        manifest = json.loads(self.uploads.manifests[name, "v1"])
        blobs = [self.uploads.blobs[name, row["digest"]] for row in manifest["layers"]]
        sizes = [row["size"] for row in manifest["layers"]]
        config = json.loads(self.uploads.blobs[name, manifest["config"]["digest"]])
        found = ["sha256:" + hashlib.sha256(gzip.decompress(blob)).hexdigest() for blob in blobs]
        return sizes == list(map(len, blobs)) and found == config["rootfs"]["diff_ids"]

    def asked(self, method: str, part: str = "") -> list[Asked]:
        return [one for one in self.registry.asked if one.method == method and part in one.target]

    def is_tidy(self) -> bool:
        return list((self.store.root / "staging").iterdir()) == []


def against(root: Path, scenario: Scenario) -> Any:
    require_root()
    path = root / "image.tar"
    path.write_bytes(docker_archive(IMAGE))

    async def run() -> Any:
        async with opened(root / "store") as store, running() as registry:
            await store.load(path)
            sharing = Sharing(store.images, RegistrySettings(), lambda *event: None)
            try:
                return await scenario(Pushing(registry, store, sharing))
            finally:
                sharing.close()

    (root / "store").mkdir()
    return asyncio.run(run())


def test_a_new_layer_is_sent_while_it_is_compressed_and_only_once(tmp_path: Path) -> None:
    async def scenario(it: Pushing) -> None:
        assert "aux" in (await it.push())[-1]
        assert it.is_whole() and it.is_tidy()
        lengths = [one.headers.get("content-length") for one in it.asked("PATCH")]
        assert None in lengths and len(lengths) == 2
        sent = it.uploads.sent
        again = await it.push()
        assert [row["status"] for row in again if "already" in row.get("status", "")] == [
            *("Layer already exists",) * 2
        ]
        assert it.uploads.sent == sent and len(it.asked("PATCH")) == 2

    against(tmp_path, scenario)


@pytest.mark.parametrize("cuts", [[MB], [2 * MB, MB, MB], [0], [6 * MB + 4000]])
def test_what_breaks_off_goes_on_inside_the_blob(tmp_path: Path, cuts: list[int]) -> None:
    async def scenario(it: Pushing) -> None:
        await it.push("warm/up")  # the small layer, whose uploads are not to be cut
        await it.store.images.remove(
            f"{it.registry.host}/warm/up:v1", False, False, it.store.containers_using
        )
        it.uploads.blobs = {key: data for key, data in it.uploads.blobs.items() if len(data) < MB}
        before = it.uploads.sent
        it.registry.cuts = list(cuts)
        assert "aux" in (await it.push())[-1]
        assert it.is_whole()
        assert it.registry.cuts == []
        # Nothing that had arrived was sent again.
        config = 1 << 10
        assert it.uploads.sent - before <= len(gzip.compress(BIG, 1)) + config

    against(tmp_path, scenario)


def test_a_stream_that_breaks_off_goes_on_from_the_file(tmp_path: Path) -> None:
    async def scenario(it: Pushing) -> None:
        it.registry.cuts = [100]
        assert "aux" in (await it.push())[-1]
        assert it.is_whole() and it.is_tidy()
        assert any("content-range" in one.headers for one in it.asked("PATCH"))

    against(tmp_path, scenario)


def test_a_registry_that_wants_lengths_gets_them(tmp_path: Path) -> None:
    async def scenario(it: Pushing) -> None:
        def fault(asked: Asked) -> Reply | None:
            return Reply(411) if "transfer-encoding" in asked.headers else None

        it.uploads.fault = fault
        assert "aux" in (await it.push())[-1]
        assert it.is_whole()

    against(tmp_path, scenario)


def test_an_upload_that_the_registry_forgot_begins_anew(tmp_path: Path) -> None:
    async def scenario(it: Pushing) -> None:
        lost = [True]

        def fault(asked: Asked) -> Reply | None:
            if asked.method == "PUT" and "/up/" in asked.target and lost:
                it.uploads.open.clear()
                lost.clear()
            return None

        it.uploads.fault = fault
        assert "aux" in (await it.push())[-1]
        assert it.is_whole()

    against(tmp_path, scenario)


def test_blobs_come_from_neighbours_where_the_registry_mounts(tmp_path: Path) -> None:
    async def scenario(it: Pushing) -> None:
        await it.push()
        sent = it.uploads.sent
        there = await it.push("c/d")
        assert it.is_whole("c/d")
        assert [row.get("status") for row in there].count("Mounted from a/b") == 2
        it.uploads.mounts = False
        await it.push("e/f")
        assert it.is_whole("e/f")
        # The upload that was begun instead of a mount was used.
        assert it.uploads.open == {}
        assert it.uploads.sent > sent

    against(tmp_path, scenario)


def test_busy_registries_are_asked_again_when_they_say(tmp_path: Path) -> None:
    async def scenario(it: Pushing) -> None:
        left = {"POST": 2, "PATCH": 2, "PUT": 2, "HEAD": 1}

        def fault(asked: Asked) -> Reply | None:
            if not asked.target.startswith(("/v2/a", "/up")) or not left.get(asked.method):
                return None
            left[asked.method] -= 1
            return Reply(429, {"Retry-After": "0"})

        it.uploads.fault = fault
        assert "aux" in (await it.push())[-1]
        assert it.is_whole() and not any(left.values())

    against(tmp_path, scenario)


def test_a_registry_that_takes_nothing_is_given_up(tmp_path: Path) -> None:
    async def scenario(it: Pushing) -> None:
        it.uploads.fault = lambda asked: Reply(507) if asked.method == "PATCH" else None
        assert "unexpected HTTP status: 507" in await it.failure()
        it.uploads.fault = lambda asked: Reply(403) if asked.method == "POST" else None
        assert "denied: requested access" in await it.failure()
        assert it.uploads.manifests == {}
        assert it.is_tidy()

    against(tmp_path, scenario)


def test_a_cancelled_push_stops_and_the_next_one_goes_through(tmp_path: Path) -> None:
    async def scenario(it: Pushing) -> None:
        it.uploads.fault = lambda asked: Reply(202, stall=True, cut=0) if asked.body else None
        pushing = asyncio.create_task(it.push())
        assert await comes_true(lambda: bool(it.asked("PATCH")))
        pushing.cancel()
        await asyncio.gather(pushing, return_exceptions=True)
        assert it.is_tidy()
        it.uploads.fault = lambda asked: None
        assert "aux" in (await it.push())[-1]
        assert it.is_whole()

    against(tmp_path, scenario)


def test_uploads_to_another_host_are_told_no_password(tmp_path: Path) -> None:
    async def scenario(it: Pushing) -> None:
        async with running() as other:
            there = Uploads(other)

            def fault(asked: Asked) -> Reply | None:
                if "authorization" not in asked.headers:
                    return Reply(401, {"WWW-Authenticate": "Basic realm=x"})
                if asked.method == "POST":
                    answer = there.answer(asked)
                    assert answer is not None
                    answer.headers["Location"] = other.base + answer.headers["Location"]
                    return answer
                return None

            it.uploads.fault = fault
            it.uploads.blobs = there.blobs
            assert "aux" in (await it.push(known=Credentials("me", "secret")))[-1]
            assert it.is_whole()
            assert other.asked and not any("authorization" in one.headers for one in other.asked)

    against(tmp_path, scenario)
